// Counts requests by their route, as the router records them.

import { METRICS } from '../../model/metrics.ts'
import { Durations, type Reading, reading, Tally } from '../../platform/metrics/reading.ts'
import type { RequestRecord } from './router.ts'

export interface RequestMeter {
  record(entry: Pick<RequestRecord, 'route' | 'reply' | 'outcome' | 'elapsed'>): void
  metrics(): readonly Reading[]
}

/** Of one route, or of all paths that are none of ours. */
interface Counted {
  readonly durations: Durations
  readonly statuses: Map<number, number>
}

const OTHER = 'other'

export function createRequestMeter(): RequestMeter {
  const paths = new Map<string, Counted>()
  const outcomes = new Tally()
  const countedAt = (path: string): Counted => {
    const known = paths.get(path)
    if (known !== undefined) return known
    const counted = { durations: new Durations(), statuses: new Map<number, number>() }
    paths.set(path, counted)
    return counted
  }
  return {
    record({ route, reply, outcome, elapsed }) {
      const { durations, statuses } = countedAt(route?.path ?? OTHER)
      durations.add(elapsed)
      statuses.set(reply.status, (statuses.get(reply.status) ?? 0) + 1)
      const rule = outcome?.rule
      if (rule !== undefined) outcomes.add(rule)
    },
    metrics() {
      const counted = [...paths]
      return [
        reading(
          METRICS.requests,
          counted.flatMap(([path, { statuses }]) =>
            [...statuses].map(([status, value]) => ({ labels: [path, String(status)], value })),
          ),
        ),
        reading(
          METRICS.requestDuration,
          counted.map(([path, { durations }]) => ({ labels: [path], value: durations.read() })),
        ),
        reading(METRICS.outcomes, outcomes.read()),
      ]
    },
  }
}
