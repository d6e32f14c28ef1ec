// The rules of the house: which folder may know which, and what stands in one folder only. Each rule is one object;
// the check and the table in ARCHITECTURE.md are made from the same list.

import type { Fact, SourceFile } from './parse.ts'

export interface Violation {
  readonly rule: string
  readonly path: string
  readonly line: number
  readonly message: string
}

export interface Rule {
  readonly name: string
  /** Text for the column "never" of the table in ARCHITECTURE.md: what is forbidden, and where it is allowed. */
  readonly never: string
  readonly why: string
  violations(files: readonly SourceFile[]): readonly Violation[]
}

export interface Layer {
  readonly name: string
  /** Folders, or files at the top of the tree. */
  readonly rooms: readonly string[]
}

/** From above to below. */
export const LAYERS: readonly Layer[] = [
  { name: 'faces', rooms: ['main.ts', 'index.ts', 'cli'] },
  { name: 'composition', rooms: ['composition'] },
  { name: 'wings', rooms: ['issuer', 'sign-in', 'administration'] },
  { name: 'visitors', rooms: ['visitor'] },
  { name: 'foundation', rooms: ['pages', 'claims', 'credentials', 'http', 'store', 'options'] },
  { name: 'records', rooms: ['model'] },
  { name: 'ground', rooms: ['protocol', 'platform'] },
]

/** Layers whose rooms may import each other: the executable imports the command line. */
const SIDEWAYS: readonly string[] = ['faces']

/** Families of interchangeable parts, and the files of each folder that all its members share. */
const PLUG_FAMILIES: Readonly<Record<string, readonly string[]>> = {
  'issuer/grant-types': ['grant-type.ts'],
  'issuer/client-authentication': [
    'assertion.ts',
    'authenticate.ts',
    'credentials.ts',
    'failure-limit.ts',
    'method.ts',
  ],
  'sign-in/authenticators': ['limits.ts'],
}

const LONGEST_FILE = 380

/** The folder or top file a path lies in. */
export function roomOf(path: string): string {
  return path.split('/')[0] ?? path
}

function rankOf(path: string): number {
  return LAYERS.findIndex(({ rooms }) => rooms.includes(roomOf(path)))
}

const isIn = (path: string, folder: string) => path.startsWith(`${folder}/`)
const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/'))
const fileOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/** A rule that looks at one arrow: a sentence when it is forbidden. */
function arrowRule(facts: Omit<Rule, 'violations'>, problemOf: (from: string, to: string) => string | null): Rule {
  return {
    ...facts,
    violations: (files) =>
      files.flatMap(({ path, imports }) =>
        imports.flatMap(({ target, line }) => {
          const message = target === null ? null : problemOf(path, target)
          return message === null ? [] : [{ rule: facts.name, path, line, message }]
        }),
      ),
  }
}

/** A rule that looks at what stands in a file: a fact that is found outside its home is a violation. */
function homeRule(
  facts: Omit<Rule, 'violations'>,
  isHome: (path: string) => boolean,
  found: (file: SourceFile) => readonly Fact[],
): Rule {
  return {
    ...facts,
    violations: (files) =>
      files
        .filter(({ path }) => !isHome(path))
        .flatMap((file) =>
          found(file).map(({ text, line }) => ({
            rule: facts.name,
            path: file.path,
            line,
            message: `${text} belongs ${facts.never.replace(/^.* outside /, 'in ')}`,
          })),
        ),
  }
}

const importsOf = (file: SourceFile, modules: RegExp, names: RegExp | null = null): readonly Fact[] =>
  file.imports
    .filter(({ specifier }) => modules.test(specifier))
    .flatMap((one) =>
      names === null
        ? [{ text: one.specifier, line: one.line }]
        : one.names.filter((name) => names.test(name)).map((name) => ({ text: name, line: one.line })),
    )

const SQL = /^\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|WITH|ALTER|DROP|PRAGMA|BEGIN|COMMIT)\s/
const MARKUP =
  /<\/?(!doctype|html|head|body|title|meta|link|style|script|div|span|p|a|h[1-6]|ul|ol|li|table|form|input|button|img|svg)[\s>/]/i
const RANDOM_NAMES = /^(randomBytes|randomUUID|randomInt|randomFill|randomFillSync|getRandomValues|pseudoRandomBytes)$/
const CLOCK_OR_DICE =
  /^(Date\.now|new Date\(\)|Date\(\)|performance\.now|Math\.random|(crypto\.|webcrypto\.)+(randomBytes|randomUUID|randomInt|randomFill|randomFillSync|getRandomValues))$/

export const RULES: readonly Rule[] = [
  {
    name: 'map',
    never: 'a file in a place that is not on the map',
    why: 'a folder that no layer names would be bound by no rule',
    violations: (files) =>
      files
        .filter(({ path }) => rankOf(path) === -1)
        .map(({ path }) => ({ rule: 'map', path, line: 1, message: `${roomOf(path)} is in no layer` })),
  },
  arrowRule(
    {
      name: 'layers',
      never: 'an arrow upwards',
      why: 'what lies below can be understood, tested and kept without what lies above',
    },
    (from, to) => {
      const [a, b] = [rankOf(from), rankOf(to)]
      if (b === -1) return `${to} is outside the layers`
      return a > b ? `${roomOf(from)} must not know ${roomOf(to)}, which lies above it` : null
    },
  ),
  arrowRule(
    {
      name: 'neighbours',
      never: 'an arrow between two folders of one layer',
      why: 'the wings meet in composition, which hands functions from one to another',
    },
    (from, to) => {
      const rank = rankOf(from)
      if (rank === -1 || rank !== rankOf(to) || roomOf(from) === roomOf(to)) return null
      return SIDEWAYS.includes(LAYERS[rank]?.name ?? '')
        ? null
        : `${roomOf(from)} must not know its neighbour ${roomOf(to)}`
    },
  ),
  {
    name: 'seen',
    never: 'an import that nobody can read: a computed one, or one of a file that does not exist',
    why: 'an arrow that is not seen is not checked',
    violations(files) {
      const known = new Set(files.map(({ path }) => path))
      return files.flatMap(({ path, imports }) =>
        imports
          .filter(({ target, specifier }) =>
            target === null ? !/^[@a-z][\w@./:-]*$/.test(specifier) : !known.has(target),
          )
          .map(({ specifier, line }) => ({
            rule: 'seen',
            path,
            line,
            message: `import of ${specifier} leads to no file of the tree`,
          })),
      )
    },
  },
  { name: 'cycles', never: 'a cycle', why: 'files of a cycle can only be understood all at once', violations: cycles },
  arrowRule(
    {
      name: 'endpoints',
      never: 'an endpoint that imports an endpoint',
      why: 'one URL, one file; what two share lies beside them',
    },
    (from, to) => {
      const isEndpoint = (path: string) => path.split('/').slice(0, -1).includes('endpoints')
      return isEndpoint(from) && isEndpoint(to)
        ? `the endpoint ${fileOf(from)} must not know the endpoint ${fileOf(to)}`
        : null
    },
  ),
  arrowRule(
    {
      name: 'plugs',
      never: 'a grant type, a way of client authentication or an authenticator that imports another one',
      why: 'each can be read, added and removed alone',
    },
    (from, to) => {
      const family = folderOf(from)
      const parts = PLUG_FAMILIES[family]
      if (parts === undefined || folderOf(to) !== family) return null
      return parts.includes(fileOf(from)) || parts.includes(fileOf(to))
        ? null
        : `${fileOf(from)} must not know ${fileOf(to)}, another plug of ${family}`
    },
  ),
  homeRule(
    { name: 'sql', never: 'SQL outside `store`', why: 'one folder to read for every statement and every index' },
    (path) => isIn(path, 'store'),
    ({ texts }) =>
      texts
        .filter(({ text }) => SQL.test(text))
        .map(({ text, line }) => ({ text: JSON.stringify(text.trim().slice(0, 40)), line })),
  ),
  homeRule(
    { name: 'node-http', never: '`node:http` outside `http`', why: 'all else speaks in plain requests and replies' },
    (path) => isIn(path, 'http'),
    (file) => importsOf(file, /^(node:)?(http|https|http2)$/),
  ),
  homeRule(
    {
      name: 'markup',
      never: 'markup outside `pages`',
      why: 'what is escaped, translated and accessible is decided in one folder',
    },
    (path) => isIn(path, 'pages'),
    (file) => [
      ...importsOf(file, /(^|\/)pages\/html\.ts$/, /^html$/).map(({ line }) => ({ text: 'the html tag', line })),
      ...file.expressions.filter(({ text }) => text === 'html`…`'),
      ...file.texts
        .filter(({ text }) => MARKUP.test(text))
        .map(({ text, line }) => ({ text: JSON.stringify(text.trim().slice(0, 40)), line })),
    ],
  ),
  homeRule(
    {
      name: 'environment',
      never: '`process.env` outside `options`',
      why: 'one table says what the environment can change',
    },
    (path) => isIn(path, 'options'),
    (file) => [
      ...file.expressions.filter(({ text }) => text === 'process.env'),
      ...importsOf(file, /^(node:)?process$/, /^env$/),
    ],
  ),
  homeRule(
    {
      name: 'clock-and-dice',
      never: 'the clock and the dice outside `platform`',
      why: 'tests set both, and time never runs backwards',
    },
    (path) => isIn(path, 'platform'),
    (file) => [
      ...file.expressions.filter(({ text }) => CLOCK_OR_DICE.test(text)),
      ...importsOf(file, /^(node:)?crypto$/, RANDOM_NAMES),
    ],
  ),
  homeRule(
    {
      name: 'output',
      never: 'stdout and stderr outside `platform` and `cli`',
      why: 'a library never writes to the console of its host',
    },
    (path) => isIn(path, 'platform') || isIn(path, 'cli'),
    (file) => file.expressions.filter(({ text }) => /^(console\.\w+|process\.(stdout|stderr))$/.test(text)),
  ),
  {
    name: 'drawers',
    never: 'a folder or file called utils, helpers, common, shared, lib or misc',
    why: 'such names say nothing, so everything fits in',
    violations: (files) =>
      files
        .filter(({ path }) => /(^|\/)(utils?|helpers?|commons?|shared|libs?|misc)(\/|\.[a-z]+$)/.test(path))
        .map(({ path }) => ({ rule: 'drawers', path, line: 1, message: `${path} has a name that says nothing` })),
  },
  {
    name: 'length',
    never: `a file of more than ${LONGEST_FILE} lines`,
    why: 'a file has one reason to be opened',
    violations: (files) =>
      files
        .filter(({ lines }) => lines > LONGEST_FILE)
        .map(({ path, lines }) => ({
          rule: 'length',
          path,
          line: 1,
          message: `${path} has ${lines} lines; at most ${LONGEST_FILE}`,
        })),
  },
]

/** One violation for each cycle: the strongly connected files, after Tarjan. */
function cycles(files: readonly SourceFile[]): readonly Violation[] {
  const targets = new Map(files.map(({ path, imports }) => [path, imports.flatMap(({ target }) => target ?? [])]))
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: Violation[] = []
  const visit = (path: string): number => {
    const own = index.size
    index.set(path, own)
    low.set(path, own)
    stack.push(path)
    for (const target of targets.get(path) ?? []) {
      if (!targets.has(target)) continue
      const reach = index.has(target) ? (stack.includes(target) ? (index.get(target) ?? own) : own) : visit(target)
      low.set(path, Math.min(low.get(path) ?? own, reach))
    }
    if (low.get(path) === own) {
      const ring = stack.splice(stack.indexOf(path))
      if (ring.length > 1 || targets.get(path)?.includes(path) === true) {
        found.push({ rule: 'cycles', path, line: 1, message: `these import each other: ${ring.toSorted().join(', ')}` })
      }
    }
    return low.get(path) ?? own
  }
  for (const { path } of files) if (!index.has(path)) visit(path)
  return found
}
