// The servers that are measured: each a process of its own, started here, asked for its usage, and ended.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import type { Target } from './operations.ts'
import type { Ask, Usage } from './reporting.ts'

export interface Entrant {
  readonly name: string
  /** What has been written to the disk when the server answers, in words for the table. */
  readonly durability: string
  /** From the root of the repository, as `preload`. */
  readonly file: string
  /** Loaded before it, and adds what it lacks to be measured. */
  readonly preload?: string
  /** Of Node. */
  readonly flags?: readonly string[]
  readonly words?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Removes what it lived on, once it has ended. */
  readonly remove?: () => void
  /** Pid of a database server whose work is part of the price. */
  readonly database?: number
}

export interface MeasuredServer extends Entrant {
  readonly child: ChildProcess
  readonly target: Target
  /** Milliseconds from the start of the process until it answered its first request. */
  readonly startUp: number
  readonly rssAtStart: number
}

/** Rejects with what it said when it ends before it can serve. */
export async function start(entrant: Entrant): Promise<MeasuredServer> {
  const begun = performance.now()
  const at = (file: string) => new URL(`../../${file}`, import.meta.url)
  const child = fork(at(entrant.file), entrant.words ?? [], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [
      ...(entrant.flags ?? []),
      ...(entrant.preload === undefined ? [] : ['--import', at(entrant.preload).href]),
    ],
    // Extra certificates that this machine configures would count as memory of each server.
    env: { ...process.env, NODE_EXTRA_CA_CERTS: '', NODE_ENV: 'production', ...entrant.env },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      said = (said + part).slice(-4_000)
    })
  }
  const target = await new Promise<Target>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Target))
    child.once('exit', (code) => reject(new Error(`${entrant.name} ended with ${code}:\n${said}`)))
  })
  await answers(target.issuer + target.paths.discovery)
  const startUp = performance.now() - begun
  return { ...entrant, child, target, startUp, rssAtStart: (await usage(child)).rss }
}

/** Asks until the answer is a success. */
async function answers(url: string): Promise<void> {
  for (const end = performance.now() + 20_000; ; ) {
    const status = await fetch(url).then(
      async (reply) => {
        await reply.arrayBuffer()
        return reply.status
      },
      () => 0,
    )
    if (status === 200) return
    if (performance.now() > end) throw new Error(`${url} does not answer`)
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
}

export async function usage(child: ChildProcess): Promise<Usage> {
  return (await asked(child, { ask: 'usage' })) as Usage
}

export async function asked(child: ChildProcess, ask: Ask): Promise<unknown> {
  const answer = once(child, 'message')
  child.send(ask)
  const [message] = (await answer) as [unknown]
  return message
}

export async function stop({ child }: MeasuredServer): Promise<void> {
  const ended = once(child, 'exit')
  child.send({ ask: 'stop' } satisfies Ask)
  await ended
}

/** CPU microseconds that a process and its children have used, of those that still run. Linux only; else zero. */
export function cpuOfTree(pid: number | undefined): number {
  const children = `/proc/${pid}/task/${pid}/children`
  if (pid === undefined || !existsSync(children)) return 0
  return cpuOf([pid, ...readFileSync(children, 'utf8').trim().split(' ').filter(Boolean).map(Number)])
}

/** The same, of these processes alone. */
export function cpuOf(pids: readonly number[]): number {
  // Clock ticks of 10 ms: user and system time are the 14th and 15th field, behind the name in brackets.
  const ticks = pids.map((pid) => {
    const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ''
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
  })
  return ticks.reduce((sum, each) => sum + each, 0) * 10_000
}
