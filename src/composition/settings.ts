// The settings with which a program starts a server, and what of them is refused or warned of before anything is
// opened.

import type { MasterKey } from '../credentials/master-key.ts'
import type { RegistrationRules } from '../model/client/registration-policy.ts'
import type { CommandFlags } from '../model/commands/flags.ts'
import { DEFAULT_KEYS, type KeyOptions, type Lifetimes, type Limits } from '../options/defaults.ts'
import { isLoopback } from '../options/issuer.ts'
import { hostsWithPorts, signingAlgorithms } from '../options/kinds.ts'
import type { Brand, Locale } from '../pages/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Driver } from '../store/database/driver.ts'

export interface AuthorizationServerSettings {
  /** Where clients and browsers find it: `https://sso.example.com`, no slash at the end. */
  readonly issuer: string
  /** `await sqlite({ file })` or `await postgres({ url })`. The server closes it. */
  readonly database: Driver
  /** 32 bytes as base64url text, or a key that was loaded. Whoever has it can open everything that is sealed. */
  readonly masterKey: string | MasterKey
  /** Default `/sso`. */
  readonly endpointPrefix?: string
  /** Further origins at which requests are answered, such as an internal name. */
  readonly alternativeOrigins?: readonly string[]
  readonly brand?: Partial<Brand>
  /** What commands on pages end with, so that they find this installation. Default: nothing. */
  readonly commandFlags?: CommandFlags
  /** Default `zh-CN`. */
  readonly defaultLocale?: Locale
  readonly lifetimes?: Partial<Lifetimes>
  readonly limits?: { readonly [Name in keyof Limits]?: Partial<Limits[Name]> }
  /** Default: keys for ES256 and RS256, each replaced after 90 days. */
  readonly keys?: Partial<KeyOptions>
  /** Lets clients be registered for tokens from the authorization endpoint (`id_token`, `code id_token`, …). Default false. */
  readonly implicitAndHybrid?: boolean
  /** Lets clients with a `frontchannel_logout_uri` be told of a sign-out in frames of the page that follows it. Default false. */
  readonly frontChannelLogout?: boolean
  /** Lets pages of clients ask a frame whether the login state has changed. Default false. */
  readonly sessionManagement?: boolean
  /**
   * Gives people a page on which they see and end what they have let in, and where they are signed in. Default `on`.
   */
  readonly accountPage?: 'on' | 'off'
  /**
   * Lets clients that are registered for it send unsigned request objects, which whoever knows the client_id can make,
   * and get unsigned ID tokens at the token endpoint. Default false.
   */
  readonly unsignedJwt?: boolean
  /** Publishes keys that clients may encrypt their request objects with. Default false. */
  readonly encryptedRequests?: boolean
  /** Whether clients may register themselves (RFC 7591), and what they may have. Default: off. */
  readonly registration?: Partial<RegistrationRules>
  /**
   * What to do with authorization errors for a visitor who is not signed in, if nobody has verified the client: `ask`
   * shows a page with a link, `redirect` sends them there at once. Default `ask`.
   */
  readonly unverifiedErrors?: 'ask' | 'redirect'
  /** Addresses or networks of proxies in front of the Node listener whose forwarded headers are believed. */
  readonly trustedProxies?: readonly string[]
  /**
   * `host:port` that may be asked for keys and documents of clients although they are not public, or without TLS. Not
   * for unverified clients: those that registered themselves, or are known by a document. Default: none.
   */
  readonly outboundAllow?: readonly string[]
  /**
   * Allows the hosts of `outboundAllow` for unverified clients too, that is, for everybody who can make a client.
   * Default false.
   */
  readonly outboundAllowStrangers?: boolean
  /** Folder of domain proof files (`MP_verify_….txt`). */
  readonly proofFolder?: string
  /** Clients that are kept in memory as they are used, about 3 KB each; at most twice as many. Default 10,000. */
  readonly cachedClients?: number
  /**
   * Answers at the issuer's own address with a page that says whose sign-in service this is. Default false: that address
   * is usually the host application's.
   */
  readonly frontPage?: boolean
  /** Processes on this machine that share the work: limits that each keeps in memory are divided by it. Default 1. */
  readonly workers?: number
  /** Default: nothing is logged. */
  readonly log?: Log
  readonly clock?: Clock
  /** Lets an issuer that differs from the stored one replace it. */
  readonly acceptNewIssuer?: boolean
}

/**
 * What keeps a server from starting: wrong settings, a master key that is not the database's, another issuer than clients
 * know, or a database of which a move or a replacement of the key has not brought all. Only the last may end by itself.
 */
export type StartObstacle = 'settings' | 'wrong_key' | 'issuer_changed' | 'unfinished'

/** The settings are wrong, or do not fit what is stored; the message says what to do. */
export class CannotStart extends Error {
  readonly obstacle: StartObstacle

  constructor(message: string, obstacle: StartObstacle = 'settings') {
    super(message)
    this.name = 'CannotStart'
    this.obstacle = obstacle
  }
}

export function algorithmsOf({ keys }: AuthorizationServerSettings): KeyOptions['algorithms'] {
  const parsed = signingAlgorithms.parse([...(keys?.algorithms ?? DEFAULT_KEYS.algorithms)])
  if ('problem' in parsed) throw new CannotStart(`keys.algorithms ${parsed.problem}`)
  return parsed.value
}

export function outboundAllow(settings: AuthorizationServerSettings, log: Log): readonly string[] {
  const { outboundAllow: allow = [] } = settings
  const parsed = hostsWithPorts.parse([...allow])
  if ('problem' in parsed) throw new CannotStart(`outboundAllow ${parsed.problem}`)
  if (parsed.value.length > 0) {
    log.warn(
      'outboundAllow is set: these hosts are asked although they may be private, and without TLS where a client says so',
      {
        hosts: parsed.value.join(' '),
      },
    )
    if (settings.outboundAllowStrangers === true) {
      log.warn('outboundAllowStrangers is on: whoever can make a client can have the hosts of outboundAllow asked')
    }
  }
  return parsed.value
}

/** The host program listens, so nobody here knows whether TLS is spoken. RFC 6749 §3.1, §3.2 */
export function warnOfPlainIssuer({ issuer, trustedProxies = [] }: AuthorizationServerSettings, log: Log): void {
  const { protocol, hostname } = new URL(issuer)
  if (protocol === 'https:' || isLoopback(hostname) || trustedProxies.length > 0) return
  log.warn('the issuer is without TLS: passwords and tokens would cross the network in the clear', { issuer })
}
