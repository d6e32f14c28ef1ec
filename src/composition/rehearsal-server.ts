// Builds the second server that a rehearsal is played on: the same parts over a store in memory, with throw-away keys.
// Nothing it mints is valid anywhere, and nothing it writes outlives it.

import type { ComposeRehearsal } from '../administration/rehearsal/stage.ts'
import { digestClientSecret, newClientSecret } from '../credentials/client-secret.ts'
import { sha256 } from '../credentials/digest.ts'
import { newMasterKey } from '../credentials/master-key.ts'
import { createSessionIdentifiers } from '../credentials/session-identifier.ts'
import { setCookie } from '../http/cookies.ts'
import type { OutboundClient } from '../http/outbound/client.ts'
import { createClientKeys } from '../issuer/keys/client-keys.ts'
import { openKeyRing } from '../issuer/keys/ring.ts'
import { type Client, type ClientRecord, isConfidential, type SigningAlgorithm } from '../model/client/client.ts'
import { DEFAULT_REGISTRATION } from '../model/client/registration-policy.ts'
import { NO_COMMAND_FLAGS } from '../model/commands/flags.ts'
import type { UserWithPassword } from '../model/user.ts'
import { type Log, silentLog } from '../platform/log.ts'
import { newId, newSecret } from '../platform/random.ts'
import { CODE_ONLY } from '../protocol/response-type.ts'
import { openSqlite } from '../store/database/sqlite/sqlite-driver.ts'
import { migrate } from '../store/schema/migrate.ts'
import { migrations } from '../store/schema/migrations/index.ts'
import { createStore, type Store } from '../store/store.ts'
import type { Parts } from './parts.ts'
import { compose } from './server.ts'

/** `parts` are those of the running server: clock, addresses, brand, lifetimes and limits are taken over as they are. */
export function rehearsalComposer(
  parts: Pick<
    Parts,
    'addresses' | 'subjects' | 'hasher' | 'clock' | 'log' | 'brand' | 'defaultLocale' | 'lifetimes' | 'limits'
  > & { readonly keys: Pick<Parts['keys'], 'algorithms'> },
): ComposeRehearsal {
  return async ({ client, user }) => {
    const { addresses, clock, lifetimes } = parts
    // That keys are made and migrations run in a rehearsal is no news; an error is.
    const log: Log = { ...silentLog, error: (message, fields) => parts.log.error(`Rehearsal: ${message}`, fields) }
    const driver = await openSqlite({ file: ':memory:', log })
    try {
      await migrate(driver, migrations, { clock, log })
      const store = createStore(driver)
      const master = newMasterKey()
      const clientSecret = isConfidential(client.client) ? newClientSecret() : null
      const played = asPlayed(client.client, parts.keys.algorithms)
      await copyClient(
        store,
        { ...client, client: played },
        clientSecret === null ? null : digestClientSecret(master, clientSecret),
      )
      await copyUser(store, user)
      // No key is made that is not needed; what the running server does not sign with is refused here too.
      const algorithms = parts.keys.algorithms.filter((each) => each === played.id_token_signed_response_alg)
      const keys = await openKeyRing({ store, master, clock, log, lifetimes, algorithms, rotateEvery: 0 })
      const sessionSecret = newSecret()
      const visitSecret = newSecret()
      const signedIn = await plantSession(store, parts, user, sessionSecret)
      const handle = compose({
        addresses,
        alternativeOrigins: [],
        store,
        master,
        keys,
        clientKeys: createClientKeys(NOWHERE, clock),
        // The page shows only what the client would get.
        subjects: parts.subjects,
        sessionIdentifiers: createSessionIdentifiers(master),
        hasher: parts.hasher,
        requests: null,
        outbound: NOWHERE,
        clock,
        log,
        brand: parts.brand,
        commandFlags: NO_COMMAND_FLAGS,
        defaultLocale: parts.defaultLocale,
        lifetimes,
        limits: parts.limits,
        // The rehearsal plays the code flow, whatever else a client may use.
        responseTypes: CODE_ONLY,
        unsignedJwt: false,
        decryption: null,
        registration: DEFAULT_REGISTRATION,
        unverifiedErrors: 'redirect',
        use: null,
        proofFolder: null,
        trace: null,
        // Clients are told nothing: a real sign-out must not follow from a rehearsal.
        logout: null,
        frontChannelLogout: false,
        sessionManagement: false,
        accountPage: false,
        operatorName: null,
        frontPage: null,
        pages: [],
        workers: 1,
        unready: async () => null,
      })
      return {
        handle,
        clientSecret,
        cookie: `${cookiePair('visit', visitSecret, addresses.secure)}; ${cookiePair('session', sessionSecret, addresses.secure)}`,
        cookieSecrets: [visitSecret, sessionSecret],
        signedIn,
        close: () => driver.close(),
      }
    } catch (error) {
      await driver.close()
      throw error
    }
  }
}

async function copyClient(
  store: Store,
  { client, enabled, updatedAt }: ClientRecord,
  secretHash: Uint8Array | null,
): Promise<void> {
  const about = { at: updatedAt, clientId: client.client_id }
  await store.addClient(client, secretHash, { type: 'client_added', ...about })
  if (enabled) return
  await store.updateClient(client, { enabled, version: 1, killIssued: false }, { type: 'client_disabled', ...about })
}

/** A rehearsal asks nobody outside. */
const NOWHERE: OutboundClient = {
  ask: async () => ({ kind: 'failed', why: 'address', reason: 'nothing is fetched in a rehearsal' }),
  problemOf: () => 'is not fetched in a rehearsal',
}

/**
 * Nobody here has the keys of a client: what it would sign, encrypt or decrypt is played without, and a throw-away
 * secret takes the place of its own.
 */
function asPlayed(client: Client, algorithms: readonly SigningAlgorithm[]): Client {
  const { token_endpoint_auth_method: method, id_token_signed_response_alg: algorithm } = client
  const signs = method === 'private_key_jwt' || method === 'client_secret_jwt'
  return {
    ...client,
    ...(signs && { token_endpoint_auth_method: 'client_secret_basic', token_endpoint_auth_signing_alg: null }),
    id_token_signed_response_alg:
      algorithm === 'HS256' || algorithm === 'none' ? (algorithms[0] ?? 'RS256') : algorithm,
    id_token_encrypted_response_alg: null,
    userinfo_signed_response_alg: null,
    userinfo_encrypted_response_alg: null,
    introspection_encrypted_response_alg: null,
    request_object_signing_alg: null,
    require_signed_request_object: false,
    require_pushed_authorization_requests: false,
    dpop_bound_access_tokens: false,
  }
}

/** The instant of the last change is copied, because it is a claim. The password is not. */
async function copyUser(store: Store, user: UserWithPassword): Promise<void> {
  const { userId, username, profile, phone, phoneVerified, email, emailVerified, enabled } = user
  await store.addUser(
    {
      userId,
      username,
      usernameKey: username,
      profile,
      phone,
      phoneVerified,
      email,
      emailVerified,
      enabled,
      passwordHash: null,
    },
    { type: 'user_added', at: user.updatedAt, userId },
  )
}

async function plantSession(
  store: Store,
  { clock, lifetimes }: Pick<Parts, 'clock' | 'lifetimes'>,
  { userId }: UserWithPassword,
  secret: string,
): Promise<boolean> {
  const copy = await store.findUser(userId)
  if (copy === null) return false
  const now = clock.now()
  const session = {
    sessionId: newId('se'),
    userId,
    userGeneration: copy.generation,
    authenticatedAt: now,
    amr: ['pwd'],
    lastUsedAt: now,
    expiresAt: now + lifetimes.sessionAbsolute,
  }
  return store.startSession(session, sha256(secret), [])
}

function cookiePair(name: 'visit' | 'session', value: string, secure: boolean): string {
  return setCookie(name, value, { secure }).split(';', 1)[0] ?? ''
}
