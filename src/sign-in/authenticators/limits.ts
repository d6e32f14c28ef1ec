// Limits on guessing passwords. No stranger can lock anybody out: a browser that has signed this person in before is
// counted by itself; strangers wait for each person and network; and a busy address slows down only those of its
// browsers that have failed.

import { sha256 } from '../../credentials/digest.ts'
import type { KnownBrowsers } from '../../credentials/known-browsers.ts'
import { addressBucket, networkOf } from '../../http/request/address.ts'
import type { Seconds } from '../../model/time.ts'
import type { Limits } from '../../options/defaults.ts'
import type { Clock } from '../../platform/clock.ts'
import type { AttemptVerbs, Charge } from '../../store/verbs/attempts.ts'

export type GuessingLimits = Limits['guessing']

export interface Attempt {
  /** Normalised; known and unknown names are counted in the same way. */
  readonly usernameKey: string
  /** Null for an unknown name. */
  readonly userId: string | null
  readonly address: string
  readonly visitHash: Uint8Array
  readonly device: string | null
}

/** `unchecked`: the server was too busy to look at the password, so nothing is held against anybody. */
export type AttemptOutcome = 'succeeded' | 'failed' | 'unchecked'

export type Admission =
  | {
      readonly admitted: true
      /** So many attempts from this address have failed already that another one is not worth an event. */
      readonly crowded: boolean
      settle(outcome: AttemptOutcome): Promise<void>
    }
  | { readonly admitted: false; readonly wait: Seconds; readonly rule: string }

export interface AttemptGate {
  /** Charges the attempt before the password is looked at; `settle` gives the charge back unless it failed. */
  admit(attempt: Attempt): Promise<Admission>
}

const HOUR: Seconds = 3_600
const DAY: Seconds = 86_400
const TEN_MINUTES: Seconds = 600
/** The waiting never begins: this counter counts, but by itself makes nobody wait. */
const NEVER = 1_000_000_000
/** At a busy address, browsers that are new are checked two at a time. */
const MOST_FRESH = 2
const MOST_WAITING = 100

export function createAttemptGate(
  store: AttemptVerbs,
  clock: Clock,
  knownBrowsers: KnownBrowsers,
  limits: GuessingLimits,
): AttemptGate {
  const turns = createTurns()
  return {
    async admit(attempt) {
      const now = clock.now()
      const known = attempt.userId !== null && knownBrowsers.knows(attempt.device, attempt.userId, now)
      if (known) {
        const charges = knownCharges(attempt, knownBrowsers.deviceId(attempt.device) ?? '', limits)
        if ((await store.chargeAttempts(Object.values(charges), now)).charged) {
          return { admitted: true, crowded: false, settle: (outcome) => settleKnown(store, charges, outcome) }
        }
      }
      return admitStranger(attempt, now)
    },
  }

  async function admitStranger(attempt: Attempt, now: Seconds): Promise<Admission> {
    const keys = strangerKeys(attempt)
    const counters = await store.findCounters([keys.address, keys.visit, keys.network, keys.user], now)
    const counterOf = (key: Uint8Array) => counters.find(({ keyHash }) => Buffer.compare(keyHash, key) === 0)
    const waiting = (key: Uint8Array) => Math.max(0, (counterOf(key)?.blockedUntil ?? 0) - now)
    const busy = (counterOf(keys.address)?.failures ?? 0) >= limits.addressFailures
    if (busy && (counterOf(keys.visit)?.failures ?? 0) > 0) {
      return { admitted: false, wait: 60, rule: 'sign_in_address_limited' }
    }
    const charged = await store.chargeAttempts(strangerCharges(keys, limits), now)
    if (!charged.charged) {
      const wait = Math.max(1, waiting(keys.network), waiting(keys.user))
      return { admitted: false, wait, rule: charged.place === 0 ? 'sign_in_network_limited' : 'sign_in_user_limited' }
    }
    const done = busy ? await turns.take(addressBucket(attempt.address)) : noTurn
    if (done === null) {
      await settle(store, [], [keys.network, keys.user, keys.visit, keys.address])
      return { admitted: false, wait: 2, rule: 'sign_in_address_limited' }
    }
    return {
      admitted: true,
      crowded: busy,
      async settle(outcome) {
        done()
        if (outcome === 'succeeded') await settle(store, [keys.network, keys.visit], [keys.user, keys.address])
        if (outcome === 'unchecked') await settle(store, [], [keys.network, keys.user, keys.visit, keys.address])
      },
    }
  }
}

async function settleKnown(store: AttemptVerbs, { own, all }: KnownCharges, outcome: AttemptOutcome): Promise<void> {
  if (outcome === 'succeeded') await settle(store, [own.keyHash], [all.keyHash])
  if (outcome === 'unchecked') await settle(store, [], [own.keyHash, all.keyHash])
}

async function settle(
  store: AttemptVerbs,
  forget: readonly Uint8Array[],
  refund: readonly Uint8Array[],
): Promise<void> {
  if (forget.length + refund.length > 0) await store.settleAttempts(forget, refund)
}

interface KnownCharges {
  readonly own: Charge
  readonly all: Charge
}

/** More browsers than anybody signs in with: whoever once knew a password could have made any number of known ones. */
const MOST_KNOWN_BROWSERS = 5

function knownCharges({ userId }: Attempt, deviceId: string, limits: GuessingLimits): KnownCharges {
  const { knownBrowserFailures: free } = limits
  // After one too many, this browser counts as a stranger's for a day. Charged under a guard, so that none slips in
  // between.
  const charge = { window: DAY, wait: DAY, longest: DAY }
  return {
    own: { ...charge, keyHash: keyOf('device', deviceId, userId ?? ''), free },
    all: { ...charge, keyHash: keyOf('devices', userId ?? ''), free: free * MOST_KNOWN_BROWSERS },
  }
}

interface StrangerKeys {
  readonly network: Uint8Array
  readonly user: Uint8Array
  readonly visit: Uint8Array
  readonly address: Uint8Array
}

function strangerKeys({ usernameKey, address, visitHash }: Attempt): StrangerKeys {
  return {
    network: keyOf('network', usernameKey, networkOf(address)),
    user: keyOf('user', usernameKey),
    visit: keyOf('visit', Buffer.from(visitHash).toString('base64url')),
    // One visitor owns a whole /48: a new IPv6 address for each attempt is not a new visitor.
    address: keyOf('address', addressBucket(address)),
  }
}

function strangerCharges(keys: StrangerKeys, limits: GuessingLimits): readonly Charge[] {
  const { longestWait: longest } = limits
  return [
    { keyHash: keys.network, window: HOUR, free: limits.networkFailures, wait: 1, longest },
    { keyHash: keys.user, window: HOUR, free: limits.userFailures, wait: 60, longest: 60 },
    { keyHash: keys.visit, window: TEN_MINUTES, free: NEVER, wait: 1, longest },
    { keyHash: keys.address, window: TEN_MINUTES, free: NEVER, wait: 1, longest },
  ]
}

/** Keys are hashed, so that a dump of the database names neither people nor networks. */
function keyOf(...parts: readonly string[]): Uint8Array {
  return sha256(JSON.stringify(parts))
}

function noTurn(): void {}

/** Two at a time for each address, the others in the order in which they came; null when too many wait. */
function createTurns(): { take(address: string): Promise<(() => void) | null> } {
  const lines = new Map<string, { running: number; readonly waiting: (() => void)[] }>()
  const release = (address: string) => () => {
    const line = lines.get(address)
    if (line === undefined) return
    const next = line.waiting.shift()
    if (next !== undefined) next()
    else if (--line.running === 0) lines.delete(address)
  }
  return {
    async take(address) {
      const line = lines.get(address) ?? { running: 0, waiting: [] }
      lines.set(address, line)
      if (line.running < MOST_FRESH) line.running++
      else if (line.waiting.length >= MOST_WAITING) return null
      else await new Promise<void>((resume) => line.waiting.push(resume))
      return release(address)
    },
  }
}
