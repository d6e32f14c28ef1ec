// A real PgBouncer before a database: in transaction mode every transaction may run on another connection. The installed
// one, or the program that LINGPAI_TEST_PGBOUNCER names.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { requireProgram } from './program.ts'

// PgBouncer refuses to run as root: then it runs as nobody.
const NOBODY = 65_534
const asRoot = process.getuid?.() === 0

const PGBOUNCER = {
  name: 'pgbouncer',
  probe: ['--version'],
  advice: 'This test needs PgBouncer: install it (Debian, Ubuntu: apt-get install pgbouncer).',
}

const program = (): string => process.env.LINGPAI_TEST_PGBOUNCER || requireProgram(PGBOUNCER)

/** Whether it can keep the prepared statements of its clients apart: since 1.21, with `max_prepared_statements`. */
export function keepsPreparedStatements(): boolean {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(execFileSync(program(), ['--version'], { encoding: 'utf8' })) ?? []
  return Number(major) > 1 || Number(minor) >= 21
}

export interface PgBouncer {
  /** The database's address through it. */
  readonly url: string
  readonly pid: number | undefined
  /** Ends it as a crash does, and starts it again at the same address. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export interface PgBouncerSettings {
  readonly mode?: 'transaction' | 'session'
  /** `max_prepared_statements`: how many it prepares on a connection. Default 0, all that older ones can. */
  readonly preparedStatements?: number
}

/** `connections`: how many it holds to the database, so that few are shared by many. */
export async function startPgBouncer(
  database: string,
  connections: number,
  { mode = 'transaction', preparedStatements = 0 }: PgBouncerSettings = {},
): Promise<PgBouncer> {
  const target = new URL(database)
  const home = mkdtempSync(join(tmpdir(), 'lingpai-pgbouncer-'))
  if (asRoot) chownSync(home, NOBODY, NOBODY)
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  const file = join(home, 'pgbouncer.ini')
  const user = target.username === '' ? 'postgres' : target.username
  const password = target.password === '' ? '' : ` password=${decodeURIComponent(target.password)}`
  const lines = [
    '[databases]',
    `* = host=${target.hostname} port=${target.port} user=${user}${password}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    `pool_mode = ${mode}`,
    `default_pool_size = ${connections}`,
    'max_client_conn = 200',
    // Later ones would keep 200 where nothing is said.
    ...(keepsPreparedStatements() ? [`max_prepared_statements = ${preparedStatements}`] : []),
  ]
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o644 })
  const url = new URL(database)
  url.host = `127.0.0.1:${port}`
  let running = await started(file, home, url.href)
  return {
    url: url.href,
    get pid() {
      return running.pid
    },
    async restart() {
      await running.kill()
      running = await started(file, home, url.href)
    },
    async stop() {
      await running.kill()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** One process of it, which lets clients in. */
async function started(file: string, home: string, url: string) {
  const child = spawn(program(), [file], {
    ...(asRoot && { uid: NOBODY, gid: NOBODY }),
    cwd: home,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'exit')
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000)
  })
  const killIt = () => void child.kill('SIGKILL')
  process.once('exit', killIt)
  for (let attempt = 0; ; attempt++) {
    const client = new Client(url)
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.end()
      break
    } catch (error) {
      if (attempt > 100 || child.exitCode !== null)
        throw new Error(`PgBouncer did not start: ${said}`, { cause: error })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  return {
    pid: child.pid,
    async kill() {
      process.removeListener('exit', killIt)
      child.kill('SIGKILL')
      await ended
    },
  }
}
