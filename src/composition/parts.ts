// What a server is composed of: everything that it needs to answer, opened and ready.

import type { OperatorName } from '../administration/operator-name.ts'
import type { SetUpWatch } from '../administration/set-up/watch.ts'
import type { TraceRecorder } from '../administration/trace/recorder.ts'
import type { MasterKey } from '../credentials/master-key.ts'
import type { PasswordHasher } from '../credentials/password-hash.ts'
import type { SessionIdentifiers } from '../credentials/session-identifier.ts'
import type { Subjects } from '../credentials/subject.ts'
import type { OutboundClient } from '../http/outbound/client.ts'
import type { RequestMeter } from '../http/routing/request-meter.ts'
import type { Route } from '../http/routing/route.ts'
import type { ClientEncryption } from '../issuer/keys/client-encryption.ts'
import type { ClientKeys } from '../issuer/keys/client-keys.ts'
import type { DecryptionKeys } from '../issuer/keys/decryption-keys.ts'
import type { KeyRing } from '../issuer/keys/ring.ts'
import type { LogoutDispatcher } from '../issuer/logout/dispatcher.ts'
import type { RegistrationUse } from '../issuer/registration/unused.ts'
import type { ResponseSigners } from '../issuer/tokens/response-signer.ts'
import type { RegistrationRules } from '../model/client/registration-policy.ts'
import type { CommandFlags } from '../model/commands/flags.ts'
import type { Lifetimes, Limits } from '../options/defaults.ts'
import type { Brand, Locale } from '../pages/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Addresses } from '../protocol/addresses.ts'
import type { ResponseType } from '../protocol/response-type.ts'
import type { Store } from '../store/store.ts'

/**
 * What a server is made of. Two servers may share parts: the rehearsal composes one of its own over a store in memory.
 */
export interface Parts {
  readonly addresses: Addresses
  /** Further origins at which requests are answered. */
  readonly alternativeOrigins: readonly string[]
  readonly store: Store
  readonly master: MasterKey
  readonly keys: KeyRing
  /** Public keys of clients, fetched once for all parts. */
  readonly clientKeys: ClientKeys
  readonly subjects: Subjects
  readonly sessionIdentifiers: SessionIdentifiers
  readonly frontChannelLogout: boolean
  readonly sessionManagement: boolean
  readonly hasher: PasswordHasher
  /** Whether people may see and end what they have let in, and where they are signed in. */
  readonly accountPage: boolean
  /** For requests to every address that somebody else chose. */
  readonly outbound: OutboundClient
  readonly clock: Clock
  readonly log: Log
  readonly brand: () => Brand
  readonly commandFlags: CommandFlags
  readonly defaultLocale: Locale
  readonly lifetimes: Lifetimes
  readonly limits: Limits
  /** The response types that the authorization endpoint offers, to clients that are registered for them. */
  readonly responseTypes: readonly ResponseType[]
  /** Whether clients that are registered for it may leave signatures out. */
  readonly unsignedJwt: boolean
  /** For request objects that clients encrypt; null: none are accepted. */
  readonly decryption: DecryptionKeys | null
  /** Whether and how clients register themselves. */
  readonly registration: RegistrationRules
  /** How an unverified client is told of an error before anybody is signed in: see the option. */
  readonly unverifiedErrors: 'ask' | 'redirect'
  /** To be told of every client to which something was issued; null: nobody counts. */
  readonly use: RegistrationUse | null
  /** Folder of the files that WeChat and WeCom ask for to prove a domain; null: none. */
  readonly proofFolder: string | null
  readonly trace: Pick<TraceRecorder, 'record'> | null
  /** Counts requests; null: nobody does. */
  readonly requests: RequestMeter | null
  /** To be told when sessions have ended, so that clients hear of it at once; null: clients are told nothing. */
  readonly logout: Pick<LogoutDispatcher, 'wake'> | null
  /** Who runs this server, where that may change while it runs; null: it does not change. */
  readonly operatorName: OperatorName | null
  /** What the page at the issuer's own address is made from; null: there is no such page. */
  readonly frontPage: SetUpWatch | null
  /** Pages of other wings (set-up, rehearsal). */
  readonly pages: readonly Route[]
  /** Processes on this machine that share the work. */
  readonly workers: number
  /** Why the server cannot serve now; null: it can. */
  readonly unready: () => Promise<string | null>
}

/** What both wings sign and encrypt with. */
export interface Signing {
  readonly signers: ResponseSigners
  readonly encryption: ClientEncryption
}
