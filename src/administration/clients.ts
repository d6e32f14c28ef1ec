// Operations on clients: adding one from a preset, changing settings, secrets and state. Each leaves an event; a secret
// is handed out once, when it is made.

import { assertClientSecret, keptOfSecret, newClientSecret, WeakSecret } from '../credentials/client-secret.ts'
import type { MasterKey } from '../credentials/master-key.ts'
import type { OutboundClient } from '../http/outbound/client.ts'
import { onBehalfOf } from '../http/outbound/on-behalf.ts'
import { type Client, type ClientRecord, hasSecret, isConfidential, needsSecretItself } from '../model/client/client.ts'
import {
  type ClientContext,
  flattenSettings,
  InvalidClient,
  type PlainSettings,
  parseAssignment,
  parseClient,
  settingsOf,
} from '../model/client/settings.ts'
import type { EventType, SecurityEvent } from '../model/event.ts'
import type { Clock } from '../platform/clock.ts'
import { newClientId } from '../platform/random.ts'
import type { ClientLogoVerbs } from '../store/verbs/client-logos.ts'
import type { ClientVerbs } from '../store/verbs/clients.ts'
import type { EventVerbs } from '../store/verbs/events.ts'
import { type Pictured, picturedClient, storePicture, warningsOf } from './client-picture.ts'
import { AdministrationError } from './errors.ts'
import { presetNamed, UnknownPreset } from './presets/index.ts'
import { assertInSector } from './sector-identifier.ts'

export interface ClientParts {
  readonly store: ClientVerbs & ClientLogoVerbs & EventVerbs
  readonly clock: Clock
  readonly master: MasterKey
  /** Fetches the documents that a client's settings name, such as its picture. */
  readonly outbound: OutboundClient
}

/**
 * Changes to a client's settings. Where they set the same thing, `assignments` win over `settings`, and these over the
 * fields by name.
 */
export interface SettingsRequest {
  readonly name?: string
  readonly redirectUris?: readonly string[]
  /** Dotted or nested. */
  readonly settings?: PlainSettings
  /** `authorize.pkce=required`, as `--set` takes them. */
  readonly assignments?: readonly string[]
  /** The operator declares that people have consented otherwise; recorded as an event. */
  readonly consentDeclared?: boolean
  /** A picture of the client, in place of one at its `logo_uri`. */
  readonly logoFile?: { readonly name: string; readonly content: Uint8Array }
}

export interface NewClientRequest extends SettingsRequest {
  readonly preset: string
  readonly clientId?: string
  /** A secret that the client already has, from the server that it used before. */
  readonly clientSecret?: string
  readonly acceptWeakSecret?: boolean
}

export interface ClientWithSecret {
  readonly record: ClientRecord
  /** The new secret, which cannot be shown again later. Null for a public client, and where the secret did not change. */
  readonly secret: string | null
  readonly warnings: readonly string[]
}

export async function addClient(parts: ClientParts, request: NewClientRequest): Promise<ClientWithSecret> {
  const { store, clock, master, outbound } = parts
  const preset = findPreset(request.preset)
  const clientId = request.clientId === undefined ? newClientId() : suppliedClientId(request.clientId)
  const consentDeclared = request.consentDeclared ?? false
  const named = mended(() =>
    parseClient(
      { client_name: preset.title['zh-CN'], ...flattenSettings(preset.settings), ...requested(request) },
      { client_id: clientId, preset: preset.name, consentDeclared },
    ),
  )
  const { secret, warnings } = secretFor(named, request)
  const asking = onBehalfOf(named, 'settings', outbound)
  await assertInSector(asking, named)
  const pictured = await picturedClient(asking, named, null, request.logoFile)
  const { client } = pictured
  const event = eventOf('client_added', clock, clientId, { preset: preset.name, name: client.client_name })
  const { hash, sealed } = keptOfSecret(master, client, secret)
  const result = await store.addClient(client, hash, event, sealed)
  if (result === 'taken') {
    throw new AdministrationError(
      'client_id_taken',
      `The client id ${clientId} is taken`,
      'It belongs to a client, to one that was removed, or to a user. Leave it away to have one made',
    )
  }
  if (pictured.picture) await store.putClientLogo(clientId, pictured.picture, clock.now())
  if (client.consent === 'implied') await store.appendEvents([declared(clock, clientId)])
  return { record: await getClient(store, clientId), secret, warnings: [...warnings, ...pictured.warnings] }
}

const OF_SECTOR = ['redirect_uris', 'subject_type', 'sector_identifier_uri']

/** A client whose method needs another secret than it has gets a new one; one that needs none loses its own. */
export async function updateClient(
  parts: ClientParts,
  clientId: string,
  request: SettingsRequest,
): Promise<ClientWithSecret> {
  const { store, clock, master, outbound } = parts
  const changes = requested(request)
  let pictured: Pictured | null = null
  const { former, client } = await change(parts, clientId, async (record) => {
    // A declaration that was made once need not be repeated with each change.
    const consentDeclared = request.consentDeclared === true || record.client.consent === 'implied'
    const context: ClientContext = { client_id: clientId, preset: record.client.preset, consentDeclared }
    const named = mended(() => parseClient({ ...settingsOf(record.client), ...changes }, context))
    // The addresses that are fetched now may have been given by the client itself, so it is asked on its behalf.
    const asking = onBehalfOf(named, 'settings', outbound)
    if (OF_SECTOR.some((name) => name in changes)) await assertInSector(asking, named)
    // A picture that could not be fetched is tried again only when its address is set again.
    const isPicture = request.logoFile !== undefined || 'logo_uri' in changes || 'logo' in changes
    pictured = isPicture ? await picturedClient(asking, named, record.client, request.logoFile) : null
    return {
      client: pictured?.client ?? named,
      enabled: record.enabled,
      event: eventOf('client_updated', clock, clientId, { settings: Object.keys(changes).sort().join(' ') }),
    }
  })
  await storePicture(store, clientId, pictured, clock.now())
  if (client.consent === 'implied' && (request.consentDeclared === true || former.client.consent !== 'implied')) {
    await store.appendEvents([declared(clock, clientId)])
  }
  // A client that now needs its secret stored sealed gets a new one, because of the former only the digest was kept.
  const lacksSecret = hasSecret(client) && former.secretHash === null
  const lacksItself = needsSecretItself(client) && former.sealedSecret === null
  const secret = lacksSecret || lacksItself ? newClientSecret() : null
  const removed = !hasSecret(client) && former.secretHash !== null
  if (secret !== null || removed) {
    const { hash, sealed } = keptOfSecret(master, client, secret)
    await store.setClientSecret(clientId, hash, eventOf('client_secret_rotated', clock, clientId, { removed }), sealed)
  } else if (former.sealedSecret !== null && !needsSecretItself(client)) {
    // The client keeps its secret, but the sealed copy, from which it could be read, is removed.
    const event = eventOf('client_updated', clock, clientId, { settings: 'sealed secret' })
    await store.setClientSecret(clientId, former.secretHash, event)
  }
  return { record: await getClient(store, clientId), secret, warnings: warningsOf(pictured) }
}

/** The former secret is refused from now on. */
export async function rotateClientSecret(
  parts: ClientParts,
  clientId: string,
  request: { readonly clientSecret?: string; readonly acceptWeakSecret?: boolean } = {},
): Promise<ClientWithSecret & { readonly secret: string }> {
  const { store, clock, master } = parts
  const { client } = await getClient(store, clientId)
  const { secret, warnings } = secretFor(client, request)
  if (secret === null) {
    throw new AdministrationError(
      'no_client_secret',
      `${client.client_name} has no secret: its token_endpoint_auth_method is ${client.token_endpoint_auth_method}`,
      'Set token_endpoint_auth_method=client_secret_basic to give it one',
    )
  }
  const event = eventOf('client_secret_rotated', clock, clientId)
  const { hash, sealed } = keptOfSecret(master, client, secret)
  if (!(await store.setClientSecret(clientId, hash, event, sealed))) throw notFound(clientId)
  return { record: await getClient(store, clientId), secret, warnings }
}

/** Disabling kills what was issued to the client, for good. */
export async function setClientEnabled(parts: ClientParts, clientId: string, enabled: boolean): Promise<ClientRecord> {
  const record = await getClient(parts.store, clientId)
  if (record.enabled === enabled) return record
  await change(parts, clientId, ({ client }) => ({
    client,
    enabled,
    event: eventOf(enabled ? 'client_enabled' : 'client_disabled', parts.clock, clientId),
  }))
  return await getClient(parts.store, clientId)
}

/** The operator knows now who runs a client that registered itself. */
export async function approveClient(parts: ClientParts, clientId: string): Promise<ClientRecord> {
  const record = await getClient(parts.store, clientId)
  if (record.client.verified) return record
  await change(parts, clientId, ({ client, enabled }) => ({
    client: { ...client, verified: true },
    enabled,
    event: eventOf('client_approved', parts.clock, clientId),
  }))
  return await getClient(parts.store, clientId)
}

/** Its id is never given out again. */
export async function removeClient({ store, clock }: ClientParts, clientId: string): Promise<void> {
  if (!(await store.removeClient(clientId, eventOf('client_removed', clock, clientId)))) throw notFound(clientId)
}

/** Oldest first. */
export async function listClients(store: ClientVerbs): Promise<readonly ClientRecord[]> {
  return await store.listClients()
}

/** Throws `client_not_found`. */
export async function getClient(store: ClientVerbs, clientId: string): Promise<ClientRecord> {
  const record = await store.findClient(clientId)
  if (record === null) throw notFound(clientId)
  return record
}

interface Change {
  readonly client: Client
  readonly enabled: boolean
  readonly event: SecurityEvent
}

/** If somebody else changes the client in between, the change is applied again to the newer state. */
async function change(
  { store }: ClientParts,
  clientId: string,
  make: (record: ClientRecord) => Change | Promise<Change>,
): Promise<{ readonly former: ClientRecord; readonly client: Client }> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const former = await getClient(store, clientId)
    const { client, enabled, event } = await make(former)
    // A public client does not authenticate. Tokens issued while this one still did must not become usable by anybody who
    // holds them.
    const becamePublic = isConfidential(former.client) && !isConfidential(client)
    const killIssued = (former.enabled && !enabled) || becamePublic
    const result = await store.updateClient(client, { enabled, version: former.version, killIssued }, event)
    if (result === 'updated') return { former, client }
  }
  throw new AdministrationError('client_changed', 'The client is being changed by somebody else', 'Try again')
}

function requested({ name, redirectUris, settings = {}, assignments = [] }: SettingsRequest): PlainSettings {
  return mended(() =>
    Object.assign(
      {},
      name === undefined ? {} : { client_name: name },
      redirectUris === undefined ? {} : { redirect_uris: redirectUris },
      flattenSettings(settings),
      ...assignments.map(parseAssignment),
    ),
  )
}

const ADDRESS_FIRST =
  'It is where the application takes people back after the sign-in, as its own documentation says: --redirect-uri https://app.example.com/callback'
const ALL_SETTINGS =
  'What there is stands in docs/reference/client-settings.md, and "npx lingpai client show CLIENT_ID" shows what a client has'

function mended<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof InvalidClient)) throw error
    const nearest = error.problems.find((problem) => problem.nearest !== undefined)?.nearest
    const isUnknown = error.problems.some(({ problem }) => problem === 'is not a setting')
    const lacksAddress = error.problems.some(
      ({ setting, problem }) => setting === 'redirect_uris' && problem.startsWith('needs'),
    )
    const hint = lacksAddress ? ADDRESS_FIRST : isUnknown && nearest === undefined ? ALL_SETTINGS : null
    throw new AdministrationError('invalid_setting', error.message, hint, { cause: error })
  }
}

function findPreset(name: string) {
  try {
    return presetNamed(name)
  } catch (error) {
    if (!(error instanceof UnknownPreset)) throw error
    throw new AdministrationError('unknown_preset', error.message, null, { cause: error })
  }
}

function suppliedClientId(clientId: string): string {
  // Without `:` and `%`, so that raw and form-encoded Basic credentials agree.
  if (/^[A-Za-z0-9._~-]{1,128}$/.test(clientId)) return clientId
  throw new AdministrationError(
    'invalid_client',
    'The client id must have 1 to 128 characters out of letters, digits and . _ ~ -',
    'Leave it away to have one made',
  )
}

function secretFor(
  client: Client,
  { clientSecret, acceptWeakSecret = false }: { readonly clientSecret?: string; readonly acceptWeakSecret?: boolean },
): { readonly secret: string | null; readonly warnings: readonly string[] } {
  if (!hasSecret(client)) {
    if (clientSecret === undefined) return { secret: null, warnings: [] }
    throw new AdministrationError(
      'no_client_secret',
      isConfidential(client)
        ? 'A client that signs with a key of its own has no secret'
        : 'A public client has no secret: whoever has the application could read it',
      'Leave the secret away, or choose a token_endpoint_auth_method that has one',
    )
  }
  if (clientSecret === undefined) return { secret: newClientSecret(), warnings: [] }
  try {
    // RFC 7518 §3.2: a key for HS256 has 32 bytes at least.
    const acceptWeak = acceptWeakSecret && !needsSecretItself(client)
    const { weak } = assertClientSecret(clientSecret, { acceptWeak })
    const warning = 'The client secret is short: whoever guesses it can act as this client. Replace it when you can'
    return { secret: clientSecret, warnings: weak ? [warning] : [] }
  } catch (error) {
    if (!(error instanceof WeakSecret)) throw error
    throw new AdministrationError('weak_secret', error.message, null, { cause: error })
  }
}

function eventOf(
  type: EventType,
  clock: Clock,
  clientId: string,
  detail: NonNullable<SecurityEvent['detail']> = {},
): SecurityEvent {
  return { type, at: clock.now(), clientId, detail }
}

function declared(clock: Clock, clientId: string): SecurityEvent {
  return eventOf('consent_declared', clock, clientId)
}

function notFound(clientId: string): AdministrationError {
  return new AdministrationError(
    'client_not_found',
    `There is no client ${JSON.stringify(clientId.slice(0, 200))}`,
    'See the list of clients for their ids',
  )
}
