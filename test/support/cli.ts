// The command line from outside: child processes that run `bin/lingpai.js`, as an operator would, on data folders of
// their own. Everything that servers write is kept, so that tests can look for what must not be there.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))
const ENTRY = join(REPOSITORY, 'bin/lingpai.js')

/** What `npm start` tells Node: bounds of its memory, which measured servers have too. */
export function flagsOfNpmStart(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>
  }
  return (scripts['start'] ?? '').split(' ').filter((word) => word.startsWith('--'))
}

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** This process's environment without our own options; the compile cache halves the start of each child. */
export function cleanEnvironment(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(LINGPAI_|LC_|VITEST|NODE_OPTIONS)/.test(entry[0]),
  )
  const cache = join(REPOSITORY, 'node_modules/.cache/lingpai/compiled')
  return { ...Object.fromEntries(inherited), LANG: 'C.UTF-8', NODE_COMPILE_CACHE: cache, ...env }
}

/** For tests that speak to the process while it runs. */
export function spawnLingpai(words: readonly string[], { env, cwd }: RunOptions = {}): ChildProcess {
  return spawn(process.execPath, [ENTRY, ...words], {
    env: cleanEnvironment(env),
    ...(cwd !== undefined && { cwd }),
  })
}

/** One command, to its end. */
export async function lingpai(words: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = spawnLingpai(words, options)
  // A command that reads no input may have ended before the input is written.
  child.stdin?.on('error', () => undefined).end(options.stdin ?? '')
  return outcomeOf(child)
}

export async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const written = collect(child)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: written.stdout(), stderr: written.stderr() }
}

/** The one JSON value that a command prints; a failed command fails the test, with what it said. */
export async function lingpaiJson<T = Readonly<Record<string, unknown>>>(
  words: readonly string[],
  options: RunOptions = {},
): Promise<T> {
  const { code, stdout, stderr } = await lingpai([...words, '--json'], options)
  if (code !== 0) throw new Error(`lingpai ${words.join(' ')} ended with ${code}: ${stderr}`)
  return JSON.parse(stdout) as T
}

function collect(child: ChildProcess) {
  let [stdout, stderr] = ['', '']
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return { stdout: () => stdout, stderr: () => stderr }
}

export interface StartedLingpai {
  readonly issuer: string
  readonly port: number
  readonly setupLink: string | null
  /** Everything that it has written since, beyond where it answers. */
  log(): string
  /** Nobody reads its log from now on. */
  deafen(): void
  /** SIGTERM, unless another is named; resolves at the end. */
  stop(signal?: NodeJS.Signals): Promise<{ readonly code: number | null; readonly milliseconds: number }>
  /** As a power cut would. */
  kill(): Promise<void>
}

interface Announcement {
  readonly issuer: string
  readonly port: number
  readonly setup_link?: string
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
const logs: (() => string)[] = []

/** What all servers of this file have logged, those that have ended included. */
export function allLogs(): string {
  return logs.map((log) => log()).join('\n')
}

/** A server on a free port unless `words` name one; resolves when it answers. */
export async function startLingpai(words: readonly string[], options: RunOptions = {}): Promise<StartedLingpai> {
  const port = words.includes('--port') ? [] : ['--port', '0']
  const child = spawnLingpai(['start', '--json', '--log-level', 'debug', ...port, ...words], options)
  running.add(child)
  const ended = once(child, 'close') as Promise<[number | null]>
  ended.then(
    () => running.delete(child),
    () => undefined,
  )
  const { stdout, stderr } = collect(child)
  logs.push(stderr)
  const announcement = await Promise.race([announced(child, stdout), ended])
  if (Array.isArray(announcement)) throw new Error(`start ended with ${announcement[0]}: ${stderr()}`)
  return {
    issuer: announcement.issuer,
    port: announcement.port,
    setupLink: announcement.setup_link ?? null,
    log: stderr,
    deafen: () => void child.stderr?.destroy(),
    async stop(signal = 'SIGTERM') {
      const began = performance.now()
      child.kill(signal)
      const [code] = await ended
      return { code, milliseconds: performance.now() - began }
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

function announced(child: ChildProcess, stdout: () => string): Promise<Announcement> {
  return new Promise((resolve) => {
    child.stdout?.on('data', () => {
      if (/^}$/m.test(stdout())) resolve(JSON.parse(stdout()) as Announcement)
    })
  })
}

/** A folder for one test file; `remove` at its end. */
export function scratchFolder(): { path(name: string): string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'lingpai-cli-'))
  return {
    path: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
