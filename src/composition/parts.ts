// What a server is composed of: everything that it needs to answer, opened and ready.

import type { OperatorName } from '../administration/operator-name.ts'
import type { SetUpWatch } from '../administration/set-up/watch.ts'
import type { TraceRecorder } from '../administration/trace/recorder.ts'
import type { MasterKey } from '../credentials/master-key.ts'
import type { PasswordHasher } from '../credentials/password-hash.ts'
import type { SessionIdentifiers } from '../credentials/session-identifier.ts'
import type { Subjects } from '../credentials/subject.ts'
import type { OutboundClient } from '../http/outbound/client.ts'
import type { Route } from '../http/routing/route.ts'
import { type ClientEncryption } from '../issuer/keys/client-encryption.ts'
import type { ClientKeys } from '../issuer/keys/client-keys.ts'
import type { DecryptionKeys } from '../issuer/keys/decryption-keys.ts'
import type { KeyRing } from '../issuer/keys/ring.ts'
import type { LogoutDispatcher } from '../issuer/logout/dispatcher.ts'
import type { RegistrationUse } from '../issuer/registration/unused.ts'
import { type ResponseSigners } from '../issuer/tokens/response-signer.ts'
import type { RegistrationRules } from '../model/registration-policy.ts'
import type { Lifetimes, Limits } from '../options/defaults.ts'
import { type Brand, type Locale } from '../pages/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Addresses } from '../protocol/addresses.ts'
import type { ResponseType } from '../protocol/response-type.ts'
import type { Store } from '../store/store.ts'

/** What a server is made of. Two servers may share parts; the rehearsal composes one over a store in memory. */
export interface Parts {
  readonly addresses: Addresses
  /** Further origins at which requests are answered. */
  readonly alternativeOrigins: readonly string[]
  readonly store: Store
  readonly master: MasterKey
  readonly keys: KeyRing
  /** Public keys of clients: what one part has fetched, all others have. */
  readonly clientKeys: ClientKeys
  readonly subjects: Subjects
  readonly sessionIdentifiers: SessionIdentifiers
  readonly frontChannelLogout: boolean
  readonly sessionManagement: boolean
  readonly hasher: PasswordHasher
  /** People may see and end what they have let in, and where they are signed in. */
  readonly accountPage: boolean
  /** For every address that somebody else chose. */
  readonly outbound: OutboundClient
  readonly clock: Clock
  readonly log: Log
  readonly brand: () => Brand
  readonly defaultLocale: Locale
  readonly lifetimes: Lifetimes
  readonly limits: Limits
  /** What the authorization endpoint gives, to clients that are registered for it. */
  readonly responseTypes: readonly ResponseType[]
  /** Whether clients that are registered for it may leave signatures out. */
  readonly unsignedJwt: boolean
  /** For request objects that clients encrypt; null: none are taken. */
  readonly decryption: DecryptionKeys | null
  /** Whether and how clients register themselves. */
  readonly registration: RegistrationRules
  /** Where a client that nobody has verified would be told of an error before its visitor is known: see the option. */
  readonly unverifiedErrors: 'ask' | 'redirect'
  /** Told of every client that something was issued to; null: nobody counts. */
  readonly use: RegistrationUse | null
  /** Folder of the files that WeChat and WeCom ask for to prove a domain; null: none. */
  readonly proofFolder: string | null
  readonly trace: Pick<TraceRecorder, 'record'> | null
  /** Told when sessions have ended, so that clients hear of it at once; null: they are told nothing. */
  readonly logout: Pick<LogoutDispatcher, 'wake'> | null
  /** Whose pages these are, where that may change while the server runs; null: it does not. */
  readonly operatorName: OperatorName | null
  /** What the page at the issuer's own address is made from; null: that address is somebody else's. */
  readonly frontPage: SetUpWatch | null
  /** Pages of other wings (set-up, rehearsal). */
  readonly pages: readonly Route[]
  /** Processes that share the work of this one's machine. */
  readonly workers: number
  /** Why the server cannot serve now; null: it can. */
  readonly unready: () => Promise<string | null>
}

/** What both wings sign and encrypt with. */
export interface Signing {
  readonly signers: ResponseSigners
  readonly encryption: ClientEncryption
}
