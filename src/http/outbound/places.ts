// How many requests to others are under way at once: in all, at one host, for strangers, and for each of them. Work that
// must get done has places of its own, so that what can be asked again never keeps it waiting, nor the other way round.

/** What is asked when somebody wants an answer, and what has to be told whether anybody waits or not. */
export type OutboundWork = 'questions' | 'sign-outs'

export interface OutboundPlaces {
  /** Gives the places back when called; null: too many requests are under way. */
  take(work: OutboundWork, host: string, stranger: string | undefined): (() => void) | null
}

const MOST_AT_ONCE: Readonly<Record<OutboundWork, number>> = { questions: 64, 'sign-outs': 32 }
/** One slow host must not hold all of them. */
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
  // Strangers name as many slow hosts as they like: they share half of the places, and nobody has many of these.
  const strangers = createPlaces(most / 2, MOST_AT_ONCE_OF_STRANGER)
  return (name: string, stranger: string | undefined) => {
    // A host that strangers keep busy answers the clients of the operator all the same.
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
