// Every rule of the layers with a planted violation, and a twin that keeps the rule.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readTree } from '../../scripts/layers/parse.ts'
import { RULES } from '../../scripts/layers/rules.ts'

const script = fileURLToPath(new URL('../../scripts/check-layers.ts', import.meta.url))
let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lingpai-layers-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

type Tree = Readonly<Record<string, string>>

/** Files that any planted import may lead to. */
const GROUND: Tree = {
  'platform/clock.ts': 'export const a = 1',
  'protocol/errors.ts': 'export const a = 1',
  'model/client.ts': "import { a } from '../protocol/errors.ts'\nexport const b = a",
  'store/store.ts': 'export const a = 1',
  'http/message.ts': 'export const a = 1',
  'issuer/keys/ring.ts': 'export const a = 1',
  'sign-in/visit.ts': 'export const a = 1',
  'composition/server.ts': 'export const a = 1',
  'pages/html.ts': 'export const html = String.raw',
  'issuer/endpoints/token.ts': 'export const a = 1',
  'issuer/grant-types/grant-type.ts': 'export const a = 1',
  'issuer/grant-types/refresh-token.ts': 'export const a = 1',
}

function plant(tree: Tree): void {
  for (const [path, text] of Object.entries(tree)) {
    const file = join(root, 'src', path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${text}\n`)
  }
}

function brokenBy(tree: Tree): readonly string[] {
  plant({ ...GROUND, ...tree })
  const files = readTree(join(root, 'src'))
  return [...new Set(RULES.flatMap((rule) => rule.violations(files)).map(({ rule }) => rule))]
}

const importing = (specifier: string) => `import { a } from '${specifier}'\nexport const c = a`

/** Rule, what is planted, the violation, and its twin. */
const CASES: readonly (readonly [string, string, Tree, Tree])[] = [
  ['map', 'a folder that no layer names', { 'api/x.ts': '' }, { 'store/x.ts': '' }],
  ['map', 'a file at the top that no layer names', { 'extra.ts': '' }, { 'main.ts': '' }],
  [
    'layers',
    'an import upwards',
    { 'protocol/x.ts': importing('../model/client.ts') },
    { 'model/x.ts': importing('../protocol/errors.ts') },
  ],
  [
    'layers',
    'a type import upwards',
    { 'store/x.ts': "import type { A } from '../issuer/keys/ring.ts'\nexport type B = A" },
    { 'issuer/x.ts': "import type { A } from '../store/store.ts'\nexport type B = A" },
  ],
  [
    'layers',
    'a re-export upwards',
    { 'http/x.ts': "export { a } from '../composition/server.ts'" },
    { 'index.ts': "export { a } from './composition/server.ts'" },
  ],
  [
    'layers',
    'a re-export of everything upwards',
    { 'http/x.ts': "export * from '../composition/server.ts'" },
    { 'index.ts': "export * from './composition/server.ts'" },
  ],
  [
    'layers',
    'a dynamic import upwards',
    { 'model/x.ts': "export const x = () => import('../store/store.ts')" },
    { 'store/x.ts': "export const x = () => import('../model/client.ts')" },
  ],
  [
    'layers',
    'an import without names upwards',
    { 'model/x.ts': "import '../store/store.ts'" },
    { 'store/x.ts': "import '../model/client.ts'" },
  ],
  [
    'neighbours',
    'a wing that knows a wing',
    { 'issuer/x.ts': importing('../sign-in/visit.ts') },
    { 'composition/server.ts': `${importing('../sign-in/visit.ts')}\nexport { a } from '../issuer/keys/ring.ts'` },
  ],
  [
    'neighbours',
    'a folder of the foundation that knows another',
    { 'http/x.ts': importing('../store/store.ts') },
    { 'http/x.ts': importing('./message.ts') },
  ],
  [
    'neighbours',
    'the ground',
    { 'protocol/x.ts': importing('../platform/clock.ts') },
    { 'main.ts': importing('./index.ts'), 'index.ts': 'export const a = 1' },
  ],
  [
    'seen',
    'a computed import',
    { 'store/x.ts': 'export const x = (y: string) => import(y + 1)' },
    { 'store/x.ts': "export const x = () => import('pg')" },
  ],
  [
    'seen',
    'a template import',
    { 'store/x.ts': 'export const x = (y: string) => import(`./${y}.ts`)' },
    { 'store/x.ts': 'export const x = () => import(`./store.ts`)' },
  ],
  [
    'seen',
    'an import of a file that is not there',
    { 'store/x.ts': importing('./absent.ts') },
    { 'store/x.ts': importing('./store.ts') },
  ],
  [
    'cycles',
    'two files',
    { 'store/x.ts': "import './y.ts'", 'store/y.ts': "import './x.ts'" },
    { 'store/x.ts': "import './y.ts'", 'store/y.ts': "import './store.ts'" },
  ],
  [
    'cycles',
    'three files, one arrow a type',
    {
      'store/x.ts': "import './y.ts'",
      'store/y.ts': "import './z.ts'\nimport './store.ts'",
      'store/z.ts': "import type { X } from './x.ts'\nexport type Z = X",
    },
    { 'store/x.ts': "import './y.ts'\nimport './z.ts'", 'store/y.ts': "import './z.ts'", 'store/z.ts': '' },
  ],
  [
    'cycles',
    'a file that imports itself',
    { 'store/x.ts': "import './x.ts'" },
    { 'store/x.ts': "import './store.ts'" },
  ],
  [
    'endpoints',
    'an endpoint that knows an endpoint',
    { 'issuer/endpoints/jwks.ts': importing('./token.ts') },
    {
      'issuer/endpoints/jwks.ts': importing('../keys/ring.ts'),
      'composition/server.ts': importing('../issuer/endpoints/token.ts'),
    },
  ],
  [
    'plugs',
    'a plug that knows a plug',
    { 'issuer/grant-types/x.ts': importing('./refresh-token.ts') },
    { 'issuer/grant-types/x.ts': importing('./grant-type.ts') },
  ],
  [
    'sql',
    'a string',
    { 'issuer/x.ts': "export const x = 'SELECT id FROM client'" },
    { 'store/x.ts': "export const x = 'SELECT id FROM client'" },
  ],
  [
    'sql',
    'a template',
    { 'issuer/x.ts': 'export const x = `\n  INSERT INTO t\n  VALUES (1)`' },
    { 'issuer/x.ts': "export const x = ['DELETE', 'Create a client', 'Select one']" },
  ],
  [
    'node-http',
    'a server',
    { 'issuer/x.ts': "import { request } from 'node:http'\nrequest('')" },
    { 'http/x.ts': "import { request } from 'node:http'\nrequest('')" },
  ],
  [
    'node-http',
    'a type, without the scheme',
    { 'cli/x.ts': "import type { Server } from 'https'\nexport type X = Server" },
    { 'cli/x.ts': "import type { Server } from 'node:net'\nexport type X = Server" },
  ],
  [
    'markup',
    'the tag',
    { 'sign-in/x.ts': "import { html } from '../pages/html.ts'\nexport const x = html`x`" },
    { 'pages/x.ts': "import { html } from './html.ts'\nexport const x = html`<p>x</p>`" },
  ],
  [
    'markup',
    'a string',
    { 'http/x.ts': "export const x = '<h1>404</h1>'" },
    { 'http/x.ts': "export const x = ['a < b', '<https://example.com>; rel=\"next\"', '<file>']" },
  ],
  [
    'environment',
    'a variable',
    { 'cli/x.ts': "export const x = process.env['X']" },
    { 'options/x.ts': "export const x = process.env['X']" },
  ],
  [
    'environment',
    'the environment taken apart',
    { 'cli/x.ts': 'export const { env } = process' },
    { 'cli/x.ts': 'export const { pid } = process' },
  ],
  [
    'environment',
    'the environment by name',
    { 'store/x.ts': "export const x = globalThis.process['env']" },
    { 'store/x.ts': "export const x = globalThis.process['pid']" },
  ],
  [
    'environment',
    'the environment imported',
    { 'store/x.ts': "export { env } from 'node:process'" },
    { 'store/x.ts': "export { pid } from 'node:process'" },
  ],
  [
    'clock-and-dice',
    'Date.now',
    { 'issuer/x.ts': 'export const x = Date.now()' },
    { 'platform/x.ts': 'export const x = Date.now()' },
  ],
  [
    'clock-and-dice',
    'new Date()',
    { 'cli/x.ts': 'export const x = new Date()' },
    { 'cli/x.ts': 'export const x = (seconds: number) => new Date(seconds * 1000)' },
  ],
  [
    'clock-and-dice',
    'Math.random',
    { 'http/x.ts': 'export const x = Math.random()' },
    { 'http/x.ts': 'export const x = Math.floor(1.5)' },
  ],
  [
    'clock-and-dice',
    'randomBytes',
    { 'credentials/x.ts': "export { randomBytes } from 'node:crypto'" },
    { 'credentials/x.ts': "export { createHash } from 'node:crypto'" },
  ],
  [
    'clock-and-dice',
    'crypto.randomUUID',
    { 'store/x.ts': 'export const x = crypto.randomUUID()' },
    { 'platform/x.ts': 'export const x = crypto.randomUUID()' },
  ],
  ['output', 'console', { 'http/x.ts': "console.log('x')" }, { 'cli/x.ts': "console.log('x')" }],
  [
    'output',
    'stdout',
    { 'administration/x.ts': "process.stdout.write('x')" },
    { 'platform/x.ts': "process.stdout.write('x')" },
  ],
  ['drawers', 'a folder', { 'store/utils/x.ts': '' }, { 'store/statements/x.ts': '' }],
  ['drawers', 'a file', { 'store/helpers.ts': '' }, { 'store/shared-cache.ts': '' }],
  ['length', 'a long file', { 'store/x.ts': '\n'.repeat(380) }, { 'store/x.ts': '\n'.repeat(379) }],
]

describe('the layers', () => {
  it.each(CASES)('%s: %s is found, and its twin is not', (rule, _what, violation, twin) => {
    expect(brokenBy(violation)).toEqual([rule])
    rmSync(join(root, 'src'), { recursive: true })
    expect(brokenBy(twin)).toEqual([])
  })

  it('every rule has a planted violation', () => {
    expect(new Set(CASES.map(([rule]) => rule))).toEqual(new Set(RULES.map(({ name }) => name)))
  })

  it('a file that cannot be parsed fails the check instead of being passed over', () => {
    plant({ ...GROUND, 'store/x.ts': 'export const = 1' })
    expect(() => readTree(join(root, 'src'))).toThrow(/store\/x\.ts cannot be parsed/)
  })
})

describe('npm run layers', () => {
  const run = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--root', root, ...words], {
      encoding: 'utf8',
    })
    return { status, text: stdout + stderr }
  }
  const document = () => readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')

  it('tells each violation with its place, and fails', () => {
    plant({ ...GROUND, 'http/x.ts': "\nimport '../store/store.ts'" })
    const { status, text } = run()
    expect(status).toBe(1)
    expect(text).toContain('src/http/x.ts:2  neighbours: http must not know its neighbour store')
    expect(text).toContain('13 files, 2 imports')
  })

  it('succeeds on a tree that keeps the rules', () => {
    plant(GROUND)
    expect(run()).toMatchObject({ status: 0, text: expect.stringContaining(' 0 violations') })
  })

  it('fails when it looked at no file, or at no import', () => {
    mkdirSync(join(root, 'src'))
    expect(run()).toMatchObject({ status: 1, text: expect.stringContaining('Looked at 0 files') })
    plant({ 'main.ts': 'export const a = 1' })
    expect(run()).toMatchObject({ status: 1, text: expect.stringContaining('1 files and 0 imports') })
  })

  it('draws the picture once, finds it fresh, and stale when an arrow is new', () => {
    plant(GROUND)
    writeFileSync(join(root, 'ARCHITECTURE.md'), '# House\n<!-- layers:begin -->old<!-- layers:end -->\nThe rest\n')
    expect(run('--check')).toMatchObject({ status: 1, text: expect.stringContaining('stale') })
    expect(run('--draw').status).toBe(0)
    expect(document()).toMatch(/^# House\n[\s\S]*model --> protocol[\s\S]*\| an arrow upwards \|[\s\S]*\nThe rest\n$/)
    expect(run('--check').status).toBe(0)
    plant({ 'store/x.ts': importing('../model/client.ts').replace('{ a }', '{ b as a }') })
    expect(run('--check').status).toBe(1)
    expect(run('--draw').status).toBe(0)
    expect(document()).toContain('store --> model')
  })

  it('leaves out an arrow that a longer way implies', () => {
    const viaStore = "import { c } from '../store/x.ts'\nexport const d = c"
    plant({
      ...GROUND,
      'store/x.ts': importing('../model/client.ts').replace('{ a }', '{ b as a }'),
      'issuer/x.ts': `import '../model/client.ts'\nimport '../http/message.ts'\n${viaStore}`,
    })
    writeFileSync(join(root, 'ARCHITECTURE.md'), '<!-- layers:begin --><!-- layers:end -->\n')
    expect(run('--draw').status).toBe(0)
    const arrows = document().match(/\w+ --> \w+/g)
    expect(arrows).toEqual(['issuer --> http', 'issuer --> store', 'store --> model', 'model --> protocol'])
  })

  it('says so when the document is missing or has no place for the picture', () => {
    plant(GROUND)
    expect(run('--check')).toMatchObject({ status: 1, text: expect.stringContaining('ARCHITECTURE.md is missing') })
    writeFileSync(join(root, 'ARCHITECTURE.md'), '# House\n')
    expect(run('--check')).toMatchObject({ status: 1, text: expect.stringContaining('has no block between') })
  })

  it('looks at this very repository unless told otherwise', () => {
    const output = spawnSync(process.execPath, [script], { encoding: 'utf8' }).stdout
    expect(Number(/^(\d+) files/.exec(output)?.[1])).toBeGreaterThan(100)
  })
})
