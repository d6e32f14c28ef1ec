// One round of one operation against one server, and what several rounds say together.

import { connect, drive, type Measured } from './load.ts'
import { cpuOfTree, type MeasuredServer, usage } from './measured-server.ts'
import type { Operation, Target } from './operations.ts'

export interface Figures extends Measured {
  /** CPU microseconds per operation, user and system time of the server process. */
  readonly cpu: number
  /** The same of the database server beside it. */
  readonly databaseCpu: number
}

export interface Load {
  readonly connections: number
  readonly milliseconds: number
}

/** Times as long as a round, at least; and so many operations, if three times that brings them. */
const WARM_UP = 3.5
const WARM_UP_OPERATIONS = 8_000

/**
 * Until the code of the operation has been compiled: compilers take as much time as it does, and more of it where there
 * is more code. How often code has run is what they go by, not for how long.
 */
export async function warmUp({ target }: MeasuredServer, operation: Operation, load: Load): Promise<void> {
  const long = load.milliseconds * WARM_UP
  await prepared(target, operation, load, async (ready) => void (await drive(ready, long, WARM_UP_OPERATIONS)))
}

export function round({ child, target, database }: MeasuredServer, operation: Operation, load: Load): Promise<Figures> {
  return prepared(target, operation, load, async (ready) => {
    await drive(ready, load.milliseconds / 4)
    const databaseBefore = cpuOfTree(database)
    const before = await usage(child)
    const measured = await drive(ready, load.milliseconds)
    const after = await usage(child)
    const cpu = after.cpu.user - before.cpu.user + (after.cpu.system - before.cpu.system)
    const databaseCpu = cpuOfTree(database) - databaseBefore
    return { ...measured, cpu: cpu / measured.operations, databaseCpu: databaseCpu / measured.operations }
  })
}

/** Connects, prepares the operation on each connection, and closes them when `work` has ended. */
async function prepared<T>(
  target: Target,
  operation: Operation,
  { connections }: Load,
  work: (ready: readonly (() => Promise<void>)[]) => Promise<T>,
): Promise<T> {
  const { send, close } = connect(target.issuer)
  try {
    return await work(await Promise.all(Array.from({ length: connections }, () => operation.prepare(target, send))))
  } finally {
    close()
  }
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}

/** Each figure's median by itself. */
export function middle(rounds: readonly Figures[]): Figures {
  const of = (pick: (figures: Figures) => number) => median(rounds.map(pick))
  return {
    operations: of(({ operations }) => operations),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
    perSecond: of(({ perSecond }) => perSecond),
    cpu: of(({ cpu }) => cpu),
    databaseCpu: of(({ databaseCpu }) => databaseCpu),
  }
}
