// Builds the published package in dist/package and proves it: packs it, unpacks it elsewhere, imports the library and
// starts the server. Publishing itself is one command more, printed at the end.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { repository, requireNode } from './node-version.ts'
import { readFlags } from './read-flags.ts'
import { bundleServer } from './release/bundle.ts'

await requireNode()
readFlags('node scripts/release.ts\nBuilds the published package in dist/package and proves it.', { options: {} })

const dist = join(repository, 'dist')
const staging = join(dist, 'package')
const DOCUMENTS = ['README.md', 'README.zh-CN.md', 'CHANGELOG.md', 'LICENSE', 'SECURITY.md']

interface Manifest {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly license: string
  readonly engines: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
}

/** Packages of types that our declarations name: without them an engineer's own program would not compile. */
const NAMED_TYPES = ['@types/node', '@types/pg']

const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as Manifest
const dependencies = {
  ...manifest.dependencies,
  ...Object.fromEntries(Object.entries(manifest.devDependencies).filter(([name]) => NAMED_TYPES.includes(name))),
}

rmSync(staging, { recursive: true, force: true })
mkdirSync(staging, { recursive: true })
run(join(repository, 'node_modules/.bin/tsc'), ['-p', join(repository, 'scripts/release/tsconfig.json')], repository)
// It starts in half the time of the library's many files.
await bundleServer(join(staging, 'dist'))
stage()
const tarball = pack()
await prove(tarball)
console.log(`${tarball} is proven. To publish it: npm publish ${tarball}`)

/** Copies what is published. What only the repository needs (its own Node, tests, scripts) is left out. */
function stage(): void {
  const { name, version, description, license, engines } = manifest
  const published = {
    name,
    version,
    description,
    license,
    type: 'module',
    bin: { lingpai: 'bin/lingpai.js' },
    exports: { '.': { types: './dist/lib/index.d.ts', default: './dist/lib/index.js' } },
    files: ['bin', 'dist', ...DOCUMENTS],
    engines,
    dependencies,
  }
  writeFileSync(join(staging, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
  cpSync(join(repository, 'bin'), join(staging, 'bin'), { recursive: true })
  chmodSync(join(staging, 'bin/lingpai.js'), 0o755)
  for (const document of DOCUMENTS) {
    if (!existsSync(join(repository, document)))
      throw new Error(`${document} is missing: a package is not published without it`)
    cpSync(join(repository, document), join(staging, document))
  }
}

function pack(): string {
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', dist], staging)) as readonly {
    filename: string
  }[]
  if (packed === undefined) throw new Error('npm pack made nothing')
  return join(dist, packed.filename)
}

/** Tests the package outside the repository: as an operator runs it, and as an engineer imports it. */
async function prove(file: string): Promise<void> {
  const away = mkdtempSync(join(tmpdir(), 'lingpai-release-'))
  try {
    run('tar', ['-xzf', file, '-C', away], away)
    // Only the dependencies of the package are made available, to show that it needs nothing else of the repository.
    mkdirSync(join(away, 'node_modules'))
    for (const name of reachable(Object.keys(dependencies))) {
      mkdirSync(join(away, 'node_modules', name, '..'), { recursive: true })
      symlinkSync(join(repository, 'node_modules', name), join(away, 'node_modules', name))
    }
    const library = (await import(pathToFileURL(join(away, 'package/dist/lib/index.js')).href)) as Record<
      string,
      unknown
    >
    for (const name of ['createAuthorizationServer', 'sqlite', 'postgres']) {
      if (typeof library[name] !== 'function') throw new Error(`the library does not export ${name}`)
    }
    proveTypes(away)
    await proveServer(join(away, 'package/bin/lingpai.js'), join(away, 'data'))
  } finally {
    rmSync(away, { recursive: true, force: true })
  }
}

/** An engineer's own program is checked against the declarations. */
function proveTypes(away: string): void {
  symlinkSync(join(away, 'package'), join(away, 'node_modules', manifest.name))
  writeFileSync(join(away, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(away, 'program.ts'),
    `import { createAuthorizationServer, sqlite } from '${manifest.name}'
const server = await createAuthorizationServer({ issuer: 'x', database: await sqlite({ file: 'x' }), masterKey: 'x' })
const reply: Promise<Response> = server.fetch(new Request('http://x'))
// @ts-expect-error -- proves that the declarations are found at all
const wrong: number = server.fetch
console.log(reply, wrong)
`,
  )
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--types', 'node']
  run(join(repository, 'node_modules/.bin/tsc'), [...flags, 'program.ts'], away)
}

async function proveServer(entry: string, data: string): Promise<void> {
  const server = spawn(process.execPath, [entry, 'start', '--data', data, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const found = new Promise<string>((resolve, reject) => {
    const listen = (part: string) => {
      said += part
      const address = /http:\/\/localhost:\d+/.exec(said)?.[0]
      if (address !== undefined) resolve(address)
    }
    server.stdout.setEncoding('utf8').on('data', listen)
    server.stderr.setEncoding('utf8').on('data', listen)
    server.once('exit', (code) => reject(new Error(`the packed server ended with ${code ?? 'a signal'}:\n${said}`)))
    setTimeout(() => reject(new Error(`the packed server printed no address within 20 s:\n${said}`)), 20_000).unref()
  })
  try {
    const address = await found
    for (const path of ['/readyz', '/.well-known/openid-configuration']) {
      const { status } = await fetch(address + path)
      if (status !== 200) throw new Error(`the packed server answers ${status} at ${path}`)
    }
  } finally {
    if (server.exitCode === null && server.signalCode === null) {
      const ended = once(server, 'exit')
      server.kill('SIGTERM')
      await ended
    }
  }
  if (server.exitCode !== 0)
    throw new Error(`the packed server ended with ${server.exitCode ?? server.signalCode}:\n${said}`)
}

/** The packages that these need, they themselves included. */
function reachable(names: readonly string[]): ReadonlySet<string> {
  const all = new Set<string>()
  const open = [...names]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const file = join(repository, 'node_modules', name, 'package.json')
    if (all.has(name) || !existsSync(file)) continue
    all.add(name)
    const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(file, 'utf8')) as Partial<
      Record<'dependencies' | 'optionalDependencies', Record<string, string>>
    >
    open.push(...Object.keys(dependencies), ...Object.keys(optionalDependencies))
  }
  return all
}

function run(command: string, words: readonly string[], folder: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status !== 0)
    throw new Error(`${command} ${words.join(' ')} failed:\n${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`)
  return stdout
}
