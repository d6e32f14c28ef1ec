// Lifetimes and limits of a server and their defaults: the table of options and the library begin from the same ones.

import type { SigningAlgorithm } from '../model/client/client.ts'

/** Whole seconds. */
type Seconds = number

export interface Lifetimes {
  readonly code: Seconds
  readonly accessToken: Seconds
  readonly idToken: Seconds
  /** A refresh token that is not used for this long ends. */
  readonly refreshIdle: Seconds
  /** A family of refresh tokens ends this long after the sign-in; rotation does not move it. */
  readonly refreshAbsolute: Seconds
  /** A refresh request that is repeated within this time gets the same answer. */
  readonly refreshRepeat: Seconds
  readonly sessionIdle: Seconds
  readonly sessionAbsolute: Seconds
  /** From the moment when a client has pushed its request until the browser comes with the reference. */
  readonly pushedRequest: Seconds
  /** For so long a device may wait for somebody to answer, and then fetch its tokens. */
  readonly deviceCode: Seconds
  /** From the authorization request until the person has signed in and decided. */
  readonly interaction: Seconds
  readonly jwksMaxAge: Seconds
  /** A signing key is published for this long before it signs, so that every client knows it by then. */
  readonly keyPublishAhead: Seconds
  readonly events: Seconds
}

export const DEFAULT_LIFETIMES: Lifetimes = {
  code: 60,
  accessToken: 3_600,
  idToken: 3_600,
  refreshIdle: 30 * 86_400,
  refreshAbsolute: 180 * 86_400,
  refreshRepeat: 30,
  sessionIdle: 12 * 3_600,
  sessionAbsolute: 7 * 86_400,
  pushedRequest: 60,
  deviceCode: 600,
  interaction: 30 * 60,
  jwksMaxAge: 300,
  keyPublishAhead: 86_400,
  events: 180 * 86_400,
}

export interface Limits {
  readonly guessing: {
    /** Failed attempts that a browser in which the user has signed in before may make, until it is treated like a stranger's. */
    readonly knownBrowserFailures: number
    /** For unknown browsers, by user and network: failed attempts before each further one has to wait (1, 2, 4 … seconds). */
    readonly networkFailures: number
    readonly longestWait: Seconds
    /**
     * For one user, by all unknown browsers together: failed attempts in an hour before only one attempt a minute is
     * let through.
     */
    readonly userFailures: number
    /** For one address: failed attempts in ten minutes before those of its browsers that have failed are refused. */
    readonly addressFailures: number
  }
  readonly interactions: {
    /** Open sign-ins of one browser. */
    readonly perBrowser: number
    /** Open sign-ins of one address (IPv6: /48). */
    readonly perAddress: number
    /** All open sign-ins together, in bytes. */
    readonly totalBytes: number
  }
}

export const DEFAULT_LIMITS: Limits = {
  guessing: {
    knownBrowserFailures: 10,
    networkFailures: 5,
    longestWait: 60,
    userFailures: 100,
    addressFailures: 100,
  },
  interactions: { perBrowser: 50, perAddress: 1_000, totalBytes: 256 * 1024 * 1024 },
}

export interface KeyOptions {
  /** The algorithms for which the server keeps signing keys. */
  readonly algorithms: readonly SigningAlgorithm[]
  /** A key signs for this long before the next one takes over; 0: until an operator asks. */
  readonly rotateEvery: Seconds
  /** A key that is about to sign waits for this long at most for clients that have not fetched it; 0: not at all. */
  readonly waitForClients: Seconds
}

export const DEFAULT_KEYS: KeyOptions = { algorithms: ['ES256', 'RS256'], rotateEvery: 90 * 86_400, waitForClients: 0 }
