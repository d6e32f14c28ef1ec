// Numbers for whoever watches the server: of this process, or of all its workers, whose supervisor opens the door and
// asks them.

import type { Worker } from 'node:cluster'
import { processMetrics } from '../composition/metrics.ts'
import { type MetricsDoor, openMetricsDoor } from '../http/server/metrics-door.ts'
import { METRIC_FAMILIES, METRICS } from '../model/metrics.ts'
import type { Log } from '../platform/log.ts'
import { exposition, type Source } from '../platform/metrics/exposition.ts'
import { type Reading, single } from '../platform/metrics/reading.ts'

export interface MetricsAddress {
  readonly metricsHost: string
  /** Null: nobody is told. */
  readonly metricsPort: number | null
}

/** What supervisor and workers say to each other. */
interface Question {
  readonly kind: 'metrics'
  readonly number: number
}
interface Answer extends Question {
  readonly readings: readonly Reading[]
}

/** Milliseconds. */
const PATIENCE = 2_000

/** Null when nobody is told. Throws `CannotListen`. */
export async function tellMetrics(
  { metricsHost: host, metricsPort: port }: MetricsAddress,
  sources: () => Promise<readonly Source[]>,
  log: Log,
): Promise<MetricsDoor | null> {
  if (port === null) return null
  const door = await openMetricsDoor({ host, port }, async () => exposition(METRIC_FAMILIES, await sources()))
  log.info('metrics are told', { url: door.url })
  return door
}

/** In a worker: answers its supervisor until it is called. */
export function answerSupervisor(readings: () => Promise<readonly Reading[]>): () => void {
  const onMessage = (message: unknown) => {
    if (!isAboutMetrics(message)) return
    const send = (all: readonly Reading[]) => {
      // It may have gone while the numbers were gathered, or go while they are sent.
      const answer = { ...message, readings: all } satisfies Answer
      if (process.connected) process.send?.(answer, undefined, undefined, () => undefined)
    }
    // One that cannot gather them does not answer, and is told as down.
    readings().then(send, () => undefined)
  }
  process.on('message', onMessage)
  return () => void process.off('message', onMessage)
}

/**
 * In a supervisor. `placeOf`: a number that stays with a worker and whoever follows it when it has died, so that its
 * series goes on.
 */
export function workersAsked(
  workers: () => readonly Worker[],
  placeOf: (worker: Worker) => number | undefined,
  places: number,
): () => Promise<readonly Source[]> {
  let number = 0
  return async () => {
    const asked = ++number
    const answers = new Map<number, readonly Reading[]>()
    await Promise.all(
      workers().map(async (worker) => {
        const place = placeOf(worker)
        const readings = await ask(worker, asked)
        if (place !== undefined && readings !== null) answers.set(place, readings)
      }),
    )
    const each = Array.from({ length: places }, (_, at): Source => {
      const readings = answers.get(at + 1)
      const isUp = single(METRICS.workerUp, readings === undefined ? 0 : 1)
      return { labels: { worker: String(at + 1) }, readings: [isUp, ...(readings ?? [])] }
    })
    return [{ labels: { worker: 'supervisor' }, readings: processMetrics() }, ...each]
  }
}

/** Null: the worker has died, or does not answer in time. */
function ask(worker: Worker, number: number): Promise<readonly Reading[] | null> {
  return new Promise((resolve) => {
    const end = (readings: readonly Reading[] | null) => {
      clearTimeout(timer)
      worker.off('message', onMessage)
      worker.off('exit', onExit)
      resolve(readings)
    }
    const onMessage = (message: unknown) => {
      if (isAnswer(message) && message.number === number) end(message.readings)
    }
    const onExit = () => end(null)
    const timer = setTimeout(onExit, PATIENCE)
    worker.on('message', onMessage)
    worker.on('exit', onExit)
    if (worker.isConnected()) worker.send({ kind: 'metrics', number } satisfies Question)
    else end(null)
  })
}

export function isAboutMetrics(message: unknown): message is Question {
  return typeof message === 'object' && message !== null && 'kind' in message && message.kind === 'metrics'
}

function isAnswer(message: unknown): message is Answer {
  return isAboutMetrics(message) && 'readings' in message
}
