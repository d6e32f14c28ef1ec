// A command of the command line as a process that may be hurt: killed, stopped, limited, slowed, given another clock.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { cleanEnvironment, type Outcome, outcomeOf, REPOSITORY } from '../../support/cli.ts'
import { movedClock } from './child.ts'

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>
  /** What runs it, as `strace …`. Its process id must be the command's. */
  readonly under?: readonly string[]
  /** Seconds by which its clock differs from this machine's. */
  readonly clockAhead?: number
}

export interface RunningCommand {
  readonly pid: number
  readonly ended: Promise<Outcome>
  readonly isOver: () => boolean
  signal(name: NodeJS.Signals): void
}

export function runCommand(
  words: readonly string[],
  { env = {}, under = [], clockAhead = 0 }: CommandOptions = {},
): RunningCommand {
  const moved = clockAhead === 0 ? {} : { NODE_OPTIONS: movedClock(clockAhead) }
  const [program = '', ...rest] = [...under, process.execPath, join(REPOSITORY, 'bin/lingpai.js'), ...words]
  const child = spawn(program, rest, { env: cleanEnvironment({ ...moved, ...env }) })
  let over = false
  const ended = outcomeOf(child).then((outcome) => {
    over = true
    return outcome
  })
  return { pid: child.pid ?? 0, ended, isOver: () => over, signal: (name) => void child.kill(name) }
}
