// Several processes behind one port: this one starts them, starts one anew when it dies, and ends when all have ended. It
// answers nothing itself, and nothing that they answer passes through it.

import cluster, { type Worker } from 'node:cluster'
import { freePort } from '../http/server/listen.ts'
import { stopwatch } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { isAboutMetrics, type MetricsAddress, tellMetrics, workersAsked } from './metrics.ts'
import { EXIT, type Output } from './output.ts'

/** What the first worker reports when it serves: for programs (`--json`) and for people. The other workers report nothing. */
export interface Announcement {
  readonly result?: unknown
  readonly text?: string
}

/** Milliseconds: the first pause before a dead worker is started again, doubled for each that follows at once. */
const FIRST_PAUSE = 200
const LONGEST_PAUSE = 10_000
/** A worker that lived this long has not failed at its start. */
const LIVED = 30_000
/**
 * Milliseconds. Workers end by themselves within the time that requests may take to finish; one that is still there
 * after this is killed.
 */
const PATIENCE = 15_000

export interface Supervision {
  readonly workers: number
  readonly output: Output
  readonly log: Log
  readonly stopped: Promise<void>
  /** On SIGHUP each worker reads its certificate again. */
  readonly tls: boolean
  readonly host: string
  readonly port: number
  readonly metrics: MetricsAddress
  /** Seconds that workers serve on before they end. */
  readonly stopDelay: number
}

/** Resolves to the exit code when all workers have ended. */
export async function superviseWorkers(supervision: Supervision): Promise<number> {
  /** By the id of a worker: the first has 1, and whoever follows one that has died has its number. */
  const places = new Map<number, number>()
  const sources = workersAsked(living, ({ id }) => places.get(id), supervision.workers)
  const door = await tellMetrics(supervision.metrics, sources, supervision.log)
  try {
    return await supervise(supervision, places)
  } finally {
    await door?.close()
  }
}

async function supervise(
  { workers, output, log, stopped, tls, host, port, stopDelay }: Supervision,
  places: Map<number, number>,
): Promise<number> {
  // With port 0 any free port will do, but all workers must have the same one, also those that are started later.
  const free = await freePort(host, port)
  if (port === 0) cluster.setupPrimary({ args: [...process.argv.slice(2), '--port', String(free)] })
  cluster.schedulingPolicy = cluster.SCHED_RR
  let isStopping = false
  let pause = 0
  const timers = new Set<NodeJS.Timeout>()
  const done = Promise.withResolvers<number>()
  const announced = Promise.withResolvers<Announcement>()
  const ready = new Set<number>()

  const startOne = (place: number): Worker => {
    const lived = stopwatch()
    const worker = cluster.fork()
    places.set(worker.id, place)
    worker.on('message', (message: Announcement) => {
      if (isAboutMetrics(message)) return
      ready.add(worker.id)
      if (ready.size === 1) announced.resolve(message)
      if (ready.size === workers) allReady.resolve()
    })
    // Sending to a worker that has just died fails; its end is handled below.
    worker.on('error', () => undefined)
    worker.on('exit', (code, signal) => {
      places.delete(worker.id)
      if (isStopping) return
      if (ready.size === 0 || code === EXIT.outdated) {
        // What keeps the first worker from serving would keep all of them, and it has said why. The same holds for a
        // database that a newer release has changed.
        done.resolve(code)
        return
      }
      pause = lived() > LIVED ? FIRST_PAUSE : Math.min(pause * 2 || FIRST_PAUSE, LONGEST_PAUSE)
      log.error('a worker has ended and is started again', { code, signal, after_ms: pause })
      const timer = setTimeout(() => {
        timers.delete(timer)
        startOne(place)
      }, pause)
      timers.add(timer)
    })
    return worker
  }
  const allReady = Promise.withResolvers<void>()

  if (tls) process.on('SIGHUP', () => living().forEach((worker) => worker.process.kill('SIGHUP')))
  // The first alone: it migrates, and finds what is wrong before others find it too.
  startOne(1)
  const first = await Promise.race([announced.promise, stopped, done.promise])
  if (typeof first === 'number') return first
  let code: number = EXIT.done
  if (first !== undefined) {
    for (let place = 2; place <= workers; place++) startOne(place)
    const ended = Promise.race([stopped.then(() => EXIT.done), done.promise])
    const isUp = await Promise.race([allReady.promise.then(() => true), ended.then(() => false)])
    if (isUp) {
      output.result(first.result)
      output.say(first.text ?? '')
      log.info('all workers serve', { workers })
    }
    code = await ended
  }
  isStopping = true
  for (const timer of timers) clearTimeout(timer)
  log.info('stopping: the workers finish what is in flight')
  await stopAll(stopDelay * 1000 + PATIENCE)
  return code
}

function living(): readonly Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
}

async function stopAll(patience: number): Promise<void> {
  const ends = living().map((worker) => new Promise<void>((resolve) => void worker.once('exit', () => resolve())))
  for (const worker of living()) worker.process.kill('SIGTERM')
  const late = setTimeout(() => {
    for (const worker of living()) worker.process.kill('SIGKILL')
  }, patience)
  await Promise.all(ends)
  clearTimeout(late)
}

/** In a worker: says that it serves. The announcement of the first is what the start prints. */
export function announceToSupervisor(announcement: Announcement): void {
  process.send?.(announcement)
}

export function isWorker(): boolean {
  return cluster.isWorker
}

export function isFirstWorker(): boolean {
  return cluster.worker?.id === 1
}

/**
 * Called first in a worker: keeps the channel to the supervisor open, since orders come by it. (By default the channel
 * does not keep a process running.)
 */
export function joinSupervisor(): void {
  process.channel?.ref()
}

/** The last thing a worker does: the channel to its supervisor would keep it alive. */
export function leaveSupervisor(): void {
  cluster.worker?.disconnect()
}
