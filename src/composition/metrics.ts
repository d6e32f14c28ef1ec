// All numbers of one process, gathered when somebody asks.

import type { RequestMeter } from '../http/routing/request-meter.ts'
import { METRICS } from '../model/metrics.ts'
import { processNumbers } from '../platform/metrics/process.ts'
import { type Reading, reading, single, type Tally } from '../platform/metrics/reading.ts'
import { VERSION } from '../platform/version.ts'
import type { Parts } from './parts.ts'

export interface MeasuredParts extends Pick<Parts, 'store' | 'hasher' | 'log' | 'unready'> {
  readonly requests: RequestMeter
  /** Attempts to tell clients of sign-outs, by their result. */
  readonly logoutDeliveries: Tally
}

/** Milliseconds that a database in trouble may take to say so: whoever asks for numbers waits no longer. */
const PATIENCE = 1_500

/** Never rejects: numbers matter most when something is wrong. */
export async function serverMetrics(parts: MeasuredParts): Promise<readonly Reading[]> {
  const { store, hasher, log, requests, logoutDeliveries } = parts
  const isReady = await ready(parts)
  return [
    reading(METRICS.buildInfo, [{ labels: [VERSION, process.versions.node, store.driver.dialect], value: 1 }]),
    single(METRICS.ready, isReady ? 1 : 0),
    ...requests.metrics(),
    ...(store.driver.metrics?.() ?? []),
    ...(hasher.metrics?.() ?? []),
    reading(METRICS.logoutDeliveries, logoutDeliveries.read()),
    reading(METRICS.logLines, log.written?.() ?? []),
    ...processMetrics(),
  ]
}

async function ready({ unready }: MeasuredParts): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, PATIENCE, false)
  })
  const now = unready().then(
    (reason) => reason === null,
    () => false,
  )
  return Promise.race([now, late]).finally(() => clearTimeout(timer))
}

/** Of a server that is not opened yet. */
export function startingMetrics(): readonly Reading[] {
  return [single(METRICS.ready, 0), ...processMetrics()]
}

export function processMetrics(): readonly Reading[] {
  const { cpu, startedAt, memory, heap, openFiles, loopBusy } = processNumbers()
  return [
    single(METRICS.processCpu, cpu),
    single(METRICS.processStart, startedAt),
    single(METRICS.processMemory, memory),
    ...(openFiles === null ? [] : [single(METRICS.processFiles, openFiles)]),
    single(METRICS.heapUsed, heap),
    single(METRICS.loopBusy, loopBusy),
  ]
}
