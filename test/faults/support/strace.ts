// The system calls of a server as strace saw them: which write was kept before which answer was sent.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { tokenKey } from '../../../src/credentials/digest.ts'
import { requireProgram } from '../../support/program.ts'

/** Where it is, or how to get it. */
export function requireStrace(): string {
  return requireProgram({
    name: 'strace',
    probe: ['-o', '/dev/null', 'true'],
    advice:
      'This test needs strace, and the right to trace a process: install it (Debian, Ubuntu: apt-get install strace); in a container add --cap-add SYS_PTRACE.',
  })
}

/** From now on so: calls on one of the database's files end with `how`, from the n-th on. */
export async function hurt(
  { pid }: { readonly pid: number },
  path: string,
  calls: string,
  how: string,
): Promise<() => Promise<void>> {
  const words = ['-f', '-P', path, '-e', `trace=${calls}`, '-e', `inject=${calls}:${how}`, '-o', '/dev/null']
  const tracer = spawn(requireStrace(), [...words, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] })
  const gone = once(tracer, 'close')
  const [said] = (await once(tracer.stderr, 'data')) as [Buffer]
  if (!/attached/.test(said.toString())) throw new Error(`the fault is not set: ${said.toString()}`)
  return async () => {
    // It lets go of the server, which goes on; a process can be traced by one only, so the next waits for that.
    tracer.kill('SIGINT')
    await gone
  }
}

/** Runs the server as its own child, so that the process id is the server's; strings in hexadecimal. */
export function tracedInto(file: string): readonly string[] {
  const calls = 'trace=pwrite64,fdatasync,fsync,write,writev,sendto,sendmsg'
  return [requireStrace(), '-D', '-f', '-tt', '-y', '-xx', '-s', '16384', '-e', calls, '-o', file]
}

export interface Call {
  readonly name: string
  readonly text: string
  /** Line numbers of the trace. */
  readonly begun: number
  readonly ended: number
}

export function readTrace(file: string): readonly Call[] {
  return parseTrace(readFileSync(file, 'utf8').split('\n'))
}

export function parseTrace(lines: readonly string[]): readonly Call[] {
  const calls: Call[] = []
  const open = new Map<string, { readonly text: string; readonly begun: number }>()
  lines.forEach((line, at) => {
    const [, thread = '', rest = ''] = /^(\d+) +[\d:.]+ (.*)$/.exec(line) ?? []
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)
    const before = resumed === null ? undefined : open.get(thread)
    if (rest.endsWith('<unfinished ...>')) {
      open.set(thread, { text: rest.slice(0, -'<unfinished ...>'.length), begun: at })
      return
    }
    if (before !== undefined) open.delete(thread)
    const text = before === undefined ? rest : before.text + (resumed?.[1] ?? '')
    const name = /^(\w+)\(/.exec(text)?.[1]
    if (name !== undefined) calls.push({ name, text, begun: before?.begun ?? at, ended: at })
  })
  return calls
}

/** One sentence for each token whose answer left before the commit that made it was on the disk. */
export function answeredTooEarly(calls: readonly Call[], tokens: readonly string[]): readonly string[] {
  return tokens.flatMap((token, at) => {
    const hash = inHexadecimal(tokenKey(token))
    const kept = calls.find(({ name, text }) => name === 'pwrite64' && text.includes(hash))
    const secret = inHexadecimal(Buffer.from(token))
    const answered = calls.find(({ name, text }) => /^(write|send)/.test(name) && text.includes(secret))
    if (kept === undefined) return [`token ${at}: its key was never written`]
    if (answered === undefined) return [`token ${at}: it was never sent`]
    const synced = calls.find(
      (call) => isSync(call) && call.begun > kept.ended && fileOf(call.text) === fileOf(kept.text),
    )
    const isSafe = synced !== undefined && synced.text.endsWith(' = 0') && synced.ended < answered.begun
    return isSafe
      ? []
      : [`token ${at}: sent at line ${answered.begun}, on the disk at line ${synced?.ended ?? 'never'}`]
  })
}

/** Which of the two SQLite was built with; fsync keeps what fdatasync keeps. */
export function isSync({ name }: Call): boolean {
  return name === 'fdatasync' || name === 'fsync'
}

function fileOf(call: string): string | undefined {
  return /^\w+\((\d+)/.exec(call)?.[1]
}

function inHexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}
