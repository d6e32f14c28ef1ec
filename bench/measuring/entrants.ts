// Who takes part: the floor, Lingpai on both databases as `npm run build` makes it, and the peers that npm has.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { buildServer } from '../../scripts/build.ts'
import { flagsOfNpmStart } from '../../test/support/cli.ts'
import { install, SECRET, SESSION_SECRET } from './installation.ts'
import type { Entrant } from './measured-server.ts'
import { OURS, type Target } from './operations.ts'

export const FLOOR: Entrant = {
  name: 'floor',
  durability: 'FULL, group commit',
  file: 'dist/bench/floor.js',
}

/** The server, and as plain JavaScript what runs in measured processes: loading TypeScript takes memory of its own. */
export async function buildAll(): Promise<void> {
  await buildServer()
  await build({
    entryPoints: ['../floor.ts', 'preload.ts', 'reporting.ts'].map((file) =>
      fileURLToPath(new URL(file, import.meta.url)),
    ),
    entryNames: '[name]',
    outdir: fileURLToPath(new URL('../../dist/bench', import.meta.url)),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    logLevel: 'warning',
  })
}

/** The built server on a new installation. */
export async function lingpai(
  database: { readonly url: string; readonly pid: number | undefined } | null,
): Promise<Entrant> {
  const { words, env, remove } = await install(database?.url ?? null)
  const port = await freePort()
  const issuer = `http://127.0.0.1:${port}`
  const target: Target = {
    issuer,
    secret: SECRET,
    cookie: `lingpai-session=${SESSION_SECRET}`,
    paths: OURS,
    lacks: [],
  }
  return {
    name: `Lingpai, ${database === null ? 'SQLite' : 'PostgreSQL'}`,
    durability: database === null ? 'FULL, group commit' : 'synchronous_commit on',
    file: 'dist/main.js',
    preload: 'dist/bench/preload.js',
    flags: flagsOfNpmStart(),
    words: ['start', ...words, '--host', '127.0.0.1', '--port', String(port), '--issuer', issuer],
    env: { ...env, BENCH_TARGET: JSON.stringify(target) },
    ...(database?.pid !== undefined && { database: database.pid }),
    remove,
  }
}

const PEERS = new URL('../peers/', import.meta.url)

export const peers: readonly Entrant[] = [
  peer('oidc-provider, SQLite NORMAL', 'WAL, NORMAL', 'oidc-provider.js', { SYNCHRONOUS: 'NORMAL' }),
  peer('oidc-provider, SQLite FULL', 'WAL, FULL', 'oidc-provider.js', { SYNCHRONOUS: 'FULL' }),
  peer('@node-oauth/oauth2-server', 'WAL, NORMAL', 'node-oauth.js', { SYNCHRONOUS: 'NORMAL' }),
  peer('@jmondi/oauth2-server', 'WAL, NORMAL', 'jmondi.js', { SYNCHRONOUS: 'NORMAL' }),
  peer('better-auth', 'WAL, NORMAL', 'better-auth.js', { SYNCHRONOUS: 'NORMAL' }),
]

function peer(name: string, durability: string, file: string, env: Readonly<Record<string, string>>): Entrant {
  return { name, durability, file: `bench/peers/${file}`, env }
}

/** Installs what `bench/peers/package-lock.json` names, into that folder, unless it is there. Never runs its scripts. */
export function installPeers(say: (line: string) => void): void {
  const folder = fileURLToPath(PEERS)
  const wanted = readFileSync(new URL('package-lock.json', PEERS), 'utf8')
  const kept = new URL('node_modules/.bench-lock.json', PEERS)
  if (existsSync(kept) && readFileSync(kept, 'utf8') === wanted) return
  say('Installing the peers into bench/peers/node_modules (28 MiB, once; no install scripts run) …')
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'inherit',
  })
  if (status !== 0)
    throw new Error('The peers cannot be installed; npm run bench -- --without-peers goes on without them')
  spawnSync('cp', [fileURLToPath(new URL('package-lock.json', PEERS)), fileURLToPath(kept)])
}

export function peerVersions(): string {
  const { dependencies } = JSON.parse(readFileSync(new URL('package.json', PEERS), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>
  }
  return Object.entries(dependencies)
    .filter(([name]) => !name.startsWith('@better-auth/utils'))
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port is free')
  return address.port
}
