// A real PgBouncer before a database: in transaction mode every transaction may run on another connection.

import { spawn } from 'node:child_process'
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

export interface PgBouncer {
  /** The database's address through it. */
  readonly url: string
  stop(): Promise<void>
}

/** `connections`: how many it holds to the database, so that few are shared by many. */
export async function startPgBouncer(
  database: string,
  connections: number,
  mode: 'transaction' | 'session' = 'transaction',
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
  ]
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o644 })
  const child = spawn(requireProgram(PGBOUNCER), [file], {
    ...(asRoot && { uid: NOBODY, gid: NOBODY }),
    cwd: home,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(child, 'exit')
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const url = new URL(database)
  url.host = `127.0.0.1:${port}`
  const killIt = () => void child.kill('SIGKILL')
  process.once('exit', killIt)
  for (let attempt = 0; ; attempt++) {
    const client = new Client(url.href)
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
    url: url.href,
    async stop() {
      process.removeListener('exit', killIt)
      child.kill('SIGKILL')
      await ended
      rmSync(home, { recursive: true, force: true })
    },
  }
}
