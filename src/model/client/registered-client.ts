// From what a client says about itself to a client: what it leaves out, what follows from its redirect URIs, and what a
// policy allows. Registrations and later changes go the same way, so that none is laxer than another.

import { grantTypesOf, parseResponseType } from '../../protocol/response-type.ts'
import type { SettingProblem } from '../setting.ts'
import type { Client } from './client.ts'
import { type Metadata, settingsSaid } from './metadata.ts'
import { type NarrowPolicy, policyProblem, type RegistrationRules, scopeWithin } from './registration-policy.ts'
import { CLIENT_SETTINGS, type PlainSettings } from './setting-table.ts'
import { InvalidClient, parseClient, settingsOf } from './settings.ts'

/** The name that `client show` gives as its preset. */
const REGISTERED = 'registration'

type Ceiling = NarrowPolicy & Pick<RegistrationRules, 'scope' | 'publicPkce' | 'requestObjectAlg'>

/**
 * Throws `InvalidClient`. `former` is the client as it was: settings that only the operator may change stay as they
 * are.
 */
export function clientFromMetadata(
  clientId: string,
  metadata: Metadata,
  policies: readonly [Ceiling, ...NarrowPolicy[]],
  former: Client | null,
): Client {
  const said = settingsSaid(metadata)
  const mine = former === null ? {} : operatorsOwn(former)
  const scope = said['scope'] ?? policies[0].scope
  const settings: Record<string, unknown> = {
    // OpenID Connect Core §5.3.1 and RFC 6750 §2.2: a client that posts its token cannot ask for that here.
    'userinfo.tokenFrom': ['header', 'form'],
    ...mine,
    // OpenID Connect Registration §2 lets a server that accepts unsigned request objects accept them from clients that
    // say nothing.
    request_object_signing_alg: policies[0].requestObjectAlg,
    ...said,
    ...flows(said),
    client_name: said['client_name'] ?? nameFor(said),
    names: said['names'] ?? {},
    scope: typeof scope === 'string' ? scopeWithin(policies, scope) : scope,
    verified: false,
  }
  if (isNative(settings)) settings['application_type'] = 'native'
  const isPublic = settings['token_endpoint_auth_method'] === 'none'
  // RFC 9700 §2.1.1; RFC 8252 §6: somebody else who gets hold of the code must not be able to use it.
  if (isPublic || settings['application_type'] === 'native') settings['authorize.pkce'] = policies[0].publicPkce
  const client = parseClient(settings, { client_id: clientId, preset: REGISTERED, consentDeclared: true })
  const problem = webProblem(client) ?? policyProblem(policies, client)
  if (problem !== null) throw new InvalidClient([problem])
  return client
}

function operatorsOwn(former: Client): PlainSettings {
  const settings = settingsOf(former)
  const own = CLIENT_SETTINGS.filter(({ byClient }) => !byClient).map(({ name }) => name)
  return Object.fromEntries(own.map((name) => [name, settings[name]]))
}

/** RFC 7591 §2.1: the two lists go together; one that is left out follows from the other. */
function flows({ grant_types: grants, response_types: types }: PlainSettings): PlainSettings {
  if (grants !== undefined || !Array.isArray(types)) return {}
  const parsed = types.map((type) => (typeof type === 'string' ? parseResponseType(type) : null))
  const known = parsed.filter((type) => type !== null)
  return known.length === types.length && known.length > 0
    ? { grant_types: [...new Set(known.flatMap(grantTypesOf))] }
    : {}
}

const LOOPBACK = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:[/?]|$)/

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

/**
 * Where only codes are given, the redirect URIs decide, whatever the client calls itself: common clients register a
 * loopback address or a scheme of their own as `web`.
 */
function isNative({ redirect_uris: uris, response_types: types }: PlainSettings): boolean {
  const codeOnly = types === undefined || textsOf(types).every((type) => type === 'code')
  return codeOnly && textsOf(uris).some((uri) => !/^https:/i.test(uri))
}

/** OpenID Connect Registration §2, application_type: a web client must not use localhost. */
function webProblem(client: Client): SettingProblem | null {
  const local = client.redirect_uris.find((uri) => LOOPBACK.test(uri))
  const isWeb = client.application_type === 'web' && client.response_types.some((type) => type !== 'code')
  return isWeb && local !== undefined
    ? { setting: 'redirect_uris', problem: `holds ${local}; a web client must not use this machine as its host` }
    : null
}

/** A name that tells people something, for a client that gives none. */
function nameFor({ client_uri: home, redirect_uris: uris, software_id: software }: PlainSettings): string {
  for (const address of [home, ...textsOf(uris)]) {
    if (typeof address !== 'string' || !address.startsWith('https:') || !URL.canParse(address)) continue
    const { hostname } = new URL(address)
    if (hostname !== '' && hostname.length <= 100) return hostname
  }
  return typeof software === 'string' && /^[\w .-]{1,80}$/.test(software) ? software : 'Unnamed application'
}
