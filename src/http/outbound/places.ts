// How many outgoing requests are under way at once: in all, to one host, for strangers together and for each of them.
// Work that must get done has places of its own, so that neither kind of work keeps the other waiting.

/**
 * `questions` are asked because somebody waits for the answer; `sign-outs` have to be told whether anybody waits or
 * not.
 */
export type OutboundWork = 'questions' | 'sign-outs'

export interface OutboundPlaces {
  /** Returns what gives the places back; null: too many requests are under way. */
  take(work: OutboundWork, host: string, stranger: string | undefined): (() => void) | null
}

const MOST_AT_ONCE: Readonly<Record<OutboundWork, number>> = { questions: 64, 'sign-outs': 32 }
/** One slow host must not hold all places. */
const MOST_AT_ONCE_OF_HOST = 4
const MOST_AT_ONCE_OF_STRANGER = 4

export function createOutboundPlaces(): OutboundPlaces {
  const kinds = {
    questions: placesFor(MOST_AT_ONCE.questions),
    'sign-outs': placesFor(MOST_AT_ONCE['sign-outs']),
  }
  return { take: (work, host, stranger) => kinds[work](host, stranger) }
}

function placesFor(most: number) {
  const hosts = createPlaces(most, MOST_AT_ONCE_OF_HOST)
  // Strangers can name as many slow hosts as they like, so they share half of the places, and none of them gets many of
  // these.
  const strangers = createPlaces(most / 2, MOST_AT_ONCE_OF_STRANGER)
  return (name: string, stranger: string | undefined) => {
    // A host that strangers keep busy still answers the operator's clients, because it counts as another one for them.
    const host = stranger === undefined ? name : `${name} for strangers`
    if (!hosts.isFree(host) || (stranger !== undefined && !strangers.isFree(stranger))) return null
    hosts.take(host)
    if (stranger !== undefined) strangers.take(stranger)
    return () => {
      hosts.leave(host)
      if (stranger !== undefined) strangers.leave(stranger)
    }
  }
}

function createPlaces(most: number, mostOfOne: number) {
  const taken = new Map<string, number>()
  let count = 0
  return {
    isFree: (name: string) => count < most && (taken.get(name) ?? 0) < mostOfOne,
    take(name: string) {
      count++
      taken.set(name, (taken.get(name) ?? 0) + 1)
    },
    leave(name: string) {
      count--
      const left = (taken.get(name) ?? 1) - 1
      if (left > 0) taken.set(name, left)
      else taken.delete(name)
    },
  }
}
