// Commands beside a running server: how long clients wait while another process reads and writes the same SQLite file.
// Also used by the long run, so it knows no test runner.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lingpai } from '../../support/cli.ts'
import { Caller, issuedBy, type Reply } from './caller.ts'
import { startChild } from './child.ts'
import { PASSWORD, prepareSqlite } from './installation.ts'

/** Milliseconds. */
export interface Waits {
  readonly asked: number
  /** Whatever was not answered as it should be. */
  readonly failed: number
  readonly p50: number
  readonly p99: number
  readonly slowest: number
}

export interface Beside {
  readonly command: string
  /** So often it ran. */
  readonly runs: number
  readonly userinfo: Waits
  readonly refresh: Waits
}

const REFRESH_EVERY = 20
const USERINFO_EVERY = 10

/**
 * Asks for user info a hundred times and refreshes fifty times a second, on time whatever becomes of earlier requests,
 * first by itself and then beside each command, which runs again and again for so long. `users`: rows of an import.
 */
export async function measureBeside({ users, milliseconds }: { users: number; milliseconds: number }) {
  const prepared = await prepareSqlite()
  const scratch = mkdtempSync(join(tmpdir(), 'lingpai-beside-'))
  const server = await startChild(prepared)
  const caller = new Caller(server)
  const { access } = await caller.tokens()
  const chains: string[] = []
  for (let count = 0; count < 50; count++) chains.push((await caller.tokens()).refresh)

  const refresh = async () => {
    // Were all of them under way, the newest would wait in line: that is a wait of this client's as well.
    const token = chains.shift()
    if (token === undefined) return false
    const reply = await caller.refresh(token)
    chains.push(isOk(reply) ? issuedBy(reply).refresh : token)
    return isOk(reply)
  }
  const userinfo = async () => isOk(await caller.userinfo(access))

  const run = async (words: readonly string[], stdin?: string) => {
    const { code, stderr } = await lingpai([...words, ...prepared.words], stdin === undefined ? {} : { stdin })
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${stderr}`)
  }
  const commands: Readonly<Record<string, (time: number) => Promise<void>>> = {
    none: () => new Promise((resolve) => setTimeout(resolve, 100)),
    'user import': (time) => {
      const file = join(scratch, `people-${time}.csv`)
      const rows = Array.from({ length: users }, (_, at) => `beside-${time}-${at},人 ${at}`)
      writeFileSync(file, `username,name\n${rows.join('\n')}\n`)
      return run(['user', 'import', file])
    },
    backup: (time) => run(['backup', join(scratch, `backup-${time}`)]),
    'client add': (time) => {
      const named = ['--preset', 'openid-connect', '--name', 'Beside', '--client-id', `beside-${time}`]
      return run(['client', 'add', ...named, '--redirect-uri', 'https://client.test/callback'])
    },
    'user add': (time) => run(['user', 'add', '--username', `beside-${time}`, '--password-stdin'], PASSWORD),
  }

  const figures: Beside[] = []
  try {
    for (const [command, once] of Object.entries(commands)) {
      const over = new AbortController()
      const asked = [onTime(userinfo, USERINFO_EVERY, over.signal), onTime(refresh, REFRESH_EVERY, over.signal)]
      const end = performance.now() + milliseconds
      let runs = 0
      try {
        while (performance.now() < end) await once(runs++)
      } finally {
        over.abort()
      }
      const [ofUserinfo, ofRefresh] = (await Promise.all(asked)) as [Waits, Waits]
      figures.push({ command, runs, userinfo: ofUserinfo, refresh: ofRefresh })
    }
  } finally {
    caller.close()
    await server.stop()
    prepared.remove()
    rmSync(scratch, { recursive: true, force: true })
  }
  return figures
}

const isOk = ({ status }: Reply) => status === 200

async function onTime(ask: () => Promise<boolean>, every: number, signal: AbortSignal): Promise<Waits> {
  const times: number[] = []
  let failed = 0
  const underWay = new Set<Promise<void>>()
  const measure = async (due: number) => {
    if (await ask()) times.push(performance.now() - due)
    else failed++
  }
  let due = performance.now()
  while (!signal.aborted) {
    for (; due <= performance.now(); due += every) {
      const asked: Promise<void> = measure(due).finally(() => underWay.delete(asked))
      underWay.add(asked)
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(underWay)
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => Math.round((sorted[Math.floor(sorted.length * share)] ?? Number.NaN) * 10) / 10
  return {
    asked: times.length + failed,
    failed,
    p50: at(0.5),
    p99: at(0.99),
    slowest: Math.round((sorted.at(-1) ?? Number.NaN) * 10) / 10,
  }
}
