// The six values that an operator pastes into the console of 制作云, under the names that console gives them, and the
// callback that belongs to them; of other applications with the issuer, by which their libraries find the rest.

import { STANDARD_SCOPES } from '../claims/standard-claims.ts'
import { type Client, DEVICE_CODE } from '../model/client/client.ts'
import { addressesOf } from '../protocol/addresses.ts'
import { presets } from './presets/index.ts'
import { isPublicAddress } from './rehearsal/public-host.ts'

export interface ConnectionValues {
  /** Where OpenID Connect Discovery begins; not for 制作云, whose console does not ask for it. */
  readonly Issuer?: string
  readonly ClientId: string
  /** Null where the secret is not known any more (it was shown once, when it was made), and for a public client. */
  readonly ClientSecret: string | null
  readonly AuthorizationEndpoint: string
  readonly TokenEndpoint: string
  readonly UserInfoEndpoint: string
  readonly Scope: string
  /** The registered redirect URI; null: the client has none. */
  readonly Callback: string | null
}

export function connectionValues(
  client: Client,
  secret: string | null,
  issuer: string,
  prefix: string,
): ConnectionValues {
  const { url } = addressesOf(issuer, prefix)
  const preset = presets.find(({ name }) => name === client.preset)
  const allowed = client.scope.split(' ')
  // Scopes that the client may not ask for are left out of the recommendation.
  const scope = preset?.recommendedScope.split(' ').filter((name) => allowed.includes(name)) ?? allowed
  const discovers = client.preset !== 'zhizuoyun' && allowed.includes('openid')
  return {
    ...(discovers && { Issuer: issuer }),
    ClientId: client.client_id,
    ClientSecret: secret,
    AuthorizationEndpoint: url.authorize,
    TokenEndpoint: url.token,
    UserInfoEndpoint: url.userinfo,
    Scope: scope.join(' '),
    Callback: client.redirect_uris[0] ?? null,
  }
}

/** Whether the client's own servers have to call addresses that they cannot reach: 制作云's call from the internet. */
export function isOutOfReach({ preset }: Pick<Client, 'preset'>, issuer: string): boolean {
  return preset === 'zhizuoyun' && !isPublicAddress(issuer)
}

/** Values for a device without a browser, which only asks and never sends anybody anywhere. */
export interface DeviceValues extends Omit<ConnectionValues, 'AuthorizationEndpoint' | 'Callback'> {
  readonly DeviceAuthorizationEndpoint: string
}

function deviceValues(client: Client, secret: string | null, issuer: string, prefix: string): DeviceValues {
  const { AuthorizationEndpoint: _, Callback: _none, ...values } = connectionValues(client, secret, issuer, prefix)
  const { ClientId, ClientSecret, Issuer, ...rest } = values
  const { url } = addressesOf(issuer, prefix)
  const first = { ...(Issuer !== undefined && { Issuer }), ClientId, ClientSecret }
  return { ...first, DeviceAuthorizationEndpoint: url['device-authorization'], ...rest }
}

/** What a client needs to know, whatever it does. */
export function valuesFor(
  client: Client,
  secret: string | null,
  issuer: string,
  prefix: string,
): ConnectionValues | DeviceValues | MachineValues {
  if (client.response_types.length > 0) return connectionValues(client, secret, issuer, prefix)
  const valuesOf = client.grant_types.includes(DEVICE_CODE) ? deviceValues : machineValues
  return valuesOf(client, secret, issuer, prefix)
}

/** Values for a machine-to-machine client, which acts for itself and never sends anybody to sign in. */
export interface MachineValues {
  readonly ClientId: string
  /** Null: it was shown when it was made, or the client signs with a key of its own. */
  readonly ClientSecret: string | null
  readonly TokenEndpoint: string
  readonly IntrospectionEndpoint: string
  /** The scopes that do not concern a person; null when none is left. */
  readonly Scope: string | null
}

function machineValues(client: Client, secret: string | null, issuer: string, prefix: string): MachineValues {
  const { url } = addressesOf(issuer, prefix)
  const scope = client.scope.split(' ').filter((name) => name !== '' && !STANDARD_SCOPES.includes(name))
  return {
    ClientId: client.client_id,
    ClientSecret: secret,
    TokenEndpoint: url.token,
    IntrospectionEndpoint: url.introspect,
    Scope: scope.length === 0 ? null : scope.join(' '),
  }
}
