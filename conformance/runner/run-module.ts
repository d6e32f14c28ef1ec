// One module from its creation to its result. A module that can never go on is ended with the reason, so that a run
// always ends.

import { stopwatch } from '../../src/platform/clock.ts'
import { CallRefused, type LogEntry, NoSuite, type PlannedModule, type Suite, type Variant } from './suite.ts'

export const RESULTS = ['PASSED', 'WARNING', 'REVIEW', 'SKIPPED', 'FAILED', 'INTERRUPTED'] as const
export type Result = (typeof RESULTS)[number]

export interface ModuleResult {
  readonly module: string
  readonly variant: Variant
  readonly result: Result
  /** Why it is not a plain success: what the suite's conditions said, or why it was ended. */
  readonly reasons: readonly string[]
  readonly seconds: number
}

/** What the module needs from outside did not happen; the message says why. */
export class HelpFailed extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'HelpFailed'
  }
}

export interface ModuleOptions {
  /** Seconds a module may take. */
  readonly limit: number
  /** Publishes new keys; called before the module that looks for them is started. */
  readonly rotateKeys: () => Promise<void>
}

const TURN_MS = 2_500
/** A visit that nobody automates will be made by nobody. */
const UNATTENDED_SECONDS = 8
/** One module of the suite sleeps for 60 s while it waits. */
const SILENT_SECONDS = 80

export async function runModule(
  suite: Suite,
  planId: string,
  planned: PlannedModule,
  options: ModuleOptions,
): Promise<ModuleResult> {
  const elapsed = stopwatch()
  const done = (result: Result, reasons: readonly string[]): ModuleResult => ({
    module: planned.testModule,
    variant: planned.variant ?? {},
    result,
    reasons,
    seconds: Math.round(elapsed() / 100) / 10,
  })
  try {
    const moduleId = await suite.createModule(planId, planned)
    const ended = await untilEnded(suite, moduleId, planned, options)
    const { status, result } = await settled(suite, moduleId)
    const log = await suite.log(moduleId)
    if (ended !== null) return done('INTERRUPTED', [ended, ...reasonsOf('INTERRUPTED', log)])
    const known = RESULTS.find((each) => each === result) ?? 'INTERRUPTED'
    const final = status === 'INTERRUPTED' && known !== 'SKIPPED' && known !== 'FAILED' ? 'INTERRUPTED' : known
    return done(final, reasonsOf(final, log))
  } catch (error) {
    // A suite that goes away in the middle is a result too, so that what came before is told.
    const isResult = error instanceof CallRefused || error instanceof NoSuite || error instanceof HelpFailed
    if (isResult) return done('INTERRUPTED', [error.message])
    throw error
  }
}

/** Null: it ended by itself. Otherwise why it was ended. */
async function untilEnded(
  suite: Suite,
  moduleId: string,
  { testModule }: PlannedModule,
  { limit, rotateKeys }: ModuleOptions,
): Promise<string | null> {
  const elapsed = stopwatch()
  let isStarted = false
  let waiting: (() => number) | null = null
  for (;;) {
    const left = limit * 1000 - elapsed()
    if (left > 0 && (await suite.ended(moduleId, Math.min(left, TURN_MS)))) return null
    const { status } = await suite.info(moduleId)
    if (status === 'FINISHED' || status === 'INTERRUPTED') return null
    let why = left > 0 ? null : `not finished after ${limit} s`
    if (status === 'CONFIGURED' && !isStarted) {
      if (testModule === 'oidcc-server-rotate-keys') await rotateKeys()
      await suite.start(moduleId)
      isStarted = true
    } else if (status === 'WAITING') {
      waiting ??= stopwatch()
      why ??= await whyStuck(suite, moduleId, waiting() / 1000)
    } else {
      waiting = null
    }
    if (why !== null) {
      await suite.cancel(moduleId)
      await suite.ended(moduleId, 10_000)
      return why
    }
  }
}

async function whyStuck(suite: Suite, moduleId: string, seconds: number): Promise<string | null> {
  if (seconds < UNATTENDED_SECONDS) return null
  const browser = await suite.browser(moduleId)
  if (browser === null) return null
  if (browser.urls.length > 0) return `nobody automates this visit: ${browser.urls.join(' ').slice(0, 300)}`
  if (browser.isWorking || seconds < SILENT_SECONDS) return null
  return 'it waits, and no browser is at work: a page was not filed, or a call of the server never came'
}

/** The result is written a moment after the state. */
async function settled(suite: Suite, moduleId: string) {
  for (let count = 0; count < 20; count++) {
    const info = await suite.info(moduleId)
    if (info.result !== null) return info
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  return suite.info(moduleId)
}

const TELLING: Readonly<Record<Result, readonly string[]>> = {
  PASSED: [],
  WARNING: ['WARNING'],
  REVIEW: ['REVIEW'],
  SKIPPED: [],
  FAILED: ['FAILURE'],
  INTERRUPTED: ['FAILURE', 'INTERRUPTED'],
}

function reasonsOf(result: Result, log: readonly LogEntry[]): readonly string[] {
  const isTelling = (entry: LogEntry) =>
    result === 'SKIPPED' ? /test was skipped/i.test(entry.msg ?? '') : TELLING[result].includes(entry.result ?? '')
  const told = log.filter(isTelling).map(({ src, msg }) => `${src ?? '?'}: ${(msg ?? '').slice(0, 300)}`)
  return [...new Set(told)]
}
