// A server as a child process that may be hurt: killed, traced, limited, given another clock. Also used by the long
// runs, so it knows no test runner.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { cleanEnvironment, flagsOfNpmStart, REPOSITORY } from '../../support/cli.ts'

const ENTRY = join(REPOSITORY, 'bin/lingpai.js')

export interface ChildOptions {
  /** Words of `lingpai start` beside the port and the form of the answer. */
  readonly words: readonly string[]
  /** The program, where it is not the repository's own. */
  readonly entry?: string
  /** What runs the server: `strace …`, `setpriv …`. Its process id must be the server's. */
  readonly under?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Seconds by which its clock differs from this machine's. */
  readonly clockAhead?: number
  /** Milliseconds between two rounds of what a server does every half minute, such as pruning. */
  readonly pruneEvery?: number
  /** Called before it has said anything. */
  readonly onSpawn?: (spawned: Spawned) => void
}

export interface Spawned {
  readonly pid: number
  log(): string
}

export interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly log: string
}

export interface Child {
  readonly issuer: string
  readonly port: number
  readonly pid: number
  log(): string
  readonly ended: Promise<End>
  /** Nothing is finished, nothing flushed. */
  kill(): Promise<End>
  stop(): Promise<End>
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A module that moves a process's clock before anything of ours is loaded. */
export function movedClock(seconds: number): string {
  return beforehand(`const real = Date.now; Date.now = () => real() + ${seconds * 1000}`)
}

function hurried(milliseconds: number): string {
  return beforehand(
    `const real = setInterval; globalThis.setInterval = (work, every, ...rest) => real(work, every === 30000 ? ${milliseconds} : every, ...rest)`,
  )
}

function beforehand(text: string): string {
  return `--import=data:text/javascript,${encodeURIComponent(text)}`
}

/** Starts a server; `answer` is where it listens, or how it ended without listening. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const started = await tryChild(options)
  if ('port' in started) return started
  throw new Error(`start ended with ${started.code ?? started.signal}: ${started.log}`)
}

export async function tryChild({
  words,
  entry = ENTRY,
  under = [],
  env = {},
  clockAhead = 0,
  pruneEvery,
  onSpawn,
}: ChildOptions): Promise<Child | End> {
  const modules = [
    ...(clockAhead === 0 ? [] : [movedClock(clockAhead)]),
    ...(pruneEvery === undefined ? [] : [hurried(pruneEvery)]),
  ]
  const changed = modules.length === 0 ? {} : { NODE_OPTIONS: modules.join(' ') }
  const port = words.includes('--port') ? [] : ['--port', '0']
  const node = [process.execPath, ...flagsOfNpmStart()]
  const [program = '', ...rest] = [...under, ...node, entry, 'start', '--json', ...port, ...words]
  const child = spawn(program, rest, {
    env: cleanEnvironment({ ...changed, ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let [said, log] = ['', '']
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  onSpawn?.({ pid: child.pid ?? 0, log: () => log })
  const ended = once(child, 'close').then(([code, signal]): End => {
    running.delete(child)
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, log }
  })
  const announced = new Promise<{ issuer: string; port: number }>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      // A refusal is told as JSON too.
      if (/^}$/m.test(said) && said.includes('"port"')) resolve(JSON.parse(said) as { issuer: string; port: number })
    })
  })
  const first = await Promise.race([announced, ended])
  if ('code' in first) return first
  return {
    issuer: first.issuer,
    port: first.port,
    pid: child.pid ?? 0,
    log: () => log,
    ended,
    kill() {
      child.kill('SIGKILL')
      return ended
    },
    stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}
