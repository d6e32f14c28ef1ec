// Clauses as people write them: `RFC 6749 §4.1.3, §5.2`, `OpenID Connect Core §3.1.2.1`. Reads them out of the comments
// and texts of the source, and out of the titles of tests.

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'

export interface Clause {
  /** The specification, by the one name that we use for it. */
  readonly specification: string
  /** `4.1.2.1`, `A.3`. */
  readonly section: string
}

/**
 * How specifications are written in the source and in tests, the longest spelling first, and the one name that we use
 * for each.
 */
const NAMES: readonly (readonly [RegExp, string])[] = [
  [/\bRFC (\d{3,5})\b/, 'RFC $1'],
  [/\bOpenID Connect Core\b|\b(?:Connect )?Core(?= §)/, 'OpenID Connect Core'],
  [/\bOpenID (?:Connect )?(?:Dynamic Client )?Registration\b|\bRegistration(?= §)/, 'OpenID Connect Registration'],
  [/\bOpenID (?:Connect )?Discovery\b|\bDiscovery(?= §)/, 'OpenID Connect Discovery'],
  [/\b(?:OpenID )?(?:Connect )?Back-Channel Logout\b/, 'OpenID Connect Back-Channel Logout'],
  [/\b(?:OpenID )?(?:Connect )?Front-Channel Logout\b/, 'OpenID Connect Front-Channel Logout'],
  [/\b(?:OpenID )?(?:Connect )?RP-Initiated Logout\b|\bRPL\b/, 'OpenID Connect RP-Initiated Logout'],
  [/\b(?:OpenID )?(?:Connect )?Session Management\b/, 'OpenID Connect Session Management'],
  [/\b(?:OAuth 2\.0 )?Form Post Response Mode\b/, 'OAuth 2.0 Form Post Response Mode'],
  [/\b(?:OAuth 2\.0 )?Multiple Response Types?(?: Encoding Practices)?\b/, 'OAuth 2.0 Multiple Response Types'],
  [
    /\b(?:OAuth )?Client ID Metadata Documents?\b|\bCIMD\b|\bdraft-ietf-oauth-client-id-metadata-document\b/,
    'OAuth Client ID Metadata Document',
  ],
  [/\b(draft-[a-z0-9-]*[a-z0-9])\b/, '$1'],
  [/\bWCAG 2\.2\b/, 'WCAG 2.2'],
]
const NAME = new RegExp(NAMES.map(([pattern]) => pattern.source.replace(/\((?!\?)/g, '(?:')).join('|'), 'g')
const MENTION = new RegExp(`(${NAME.source})|(to |–)?§([0-9A-Z]+(?:\\.[0-9]+)*)`, 'g')

function nameOf(text: string): string {
  for (const [pattern, name] of NAMES) {
    const found = pattern.exec(text)
    if (found !== null) return name.replace('$1', found[1] ?? '')
  }
  throw new Error(`no specification is called ${text}`)
}

/** All clauses in a text. One without a name belongs to the specification named last; before any is named, to `before`. */
export function clausesIn(text: string, before: string | null = null): readonly Clause[] {
  const clauses: Clause[] = []
  let specification = before
  for (const [, name, range, section] of text.matchAll(MENTION)) {
    if (name !== undefined) specification = nameOf(`${name} §`)
    if (section === undefined || specification === null) continue
    const last = clauses.at(-1)
    if (range !== undefined && last !== undefined) clauses.push(...between(last, section))
    clauses.push({ specification, section })
  }
  return clauses
}

/** `§4.2 to §4.4` means §4.3 too. */
function between({ specification, section }: Clause, end: string): readonly Clause[] {
  const stem = (text: string) => text.slice(0, text.lastIndexOf('.') + 1)
  const [from, to] = [section, end].map((each) => Number(each.slice(stem(each).length)))
  if (stem(section) !== stem(end) || from === undefined || to === undefined) return []
  return Array.from({ length: Math.max(0, to - from - 1) }, (_, at) => ({
    specification,
    section: `${stem(end)}${from + at + 1}`,
  }))
}

export interface Mentions {
  /** From the root of the repository. */
  readonly file: string
  readonly clauses: readonly Clause[]
}

function filesBelow(root: string, folder: string, ending: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => relative(root, join(root, folder, file)))
    .sort()
}

/** What the source quotes. A bare `§2.4` belongs to the specification that its file has named last. */
export function clausesOfSource(root: string, folder = 'src'): readonly Mentions[] {
  return filesBelow(root, folder, '.ts').map((file) => {
    // A line of a comment may end within the name of a specification.
    const text = readFileSync(join(root, file), 'utf8').replace(/\n\s*(?:\/\/|\*(?!\/)) ?/g, ' ')
    return { file, clauses: clausesIn(text) }
  })
}

interface Node {
  readonly type: string
  readonly [member: string]: unknown
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

const RUNNERS = new Set(['test', 'it', 'describe'])

/** `test`, `it.each(…)`, `describe.skipIf(…)`: what it begins with. */
function rootOf(callee: unknown): string | null {
  if (!isNode(callee)) return null
  if (callee.type === 'Identifier') return String(callee['name'])
  return rootOf(callee['object'] ?? callee['callee'] ?? callee['tag'])
}

function titleOf(argument: unknown): string | null {
  if (!isNode(argument)) return null
  if (argument.type === 'Literal' && typeof argument['value'] === 'string') return argument['value']
  if (argument.type !== 'TemplateLiteral' || !Array.isArray(argument['quasis'])) return null
  return argument['quasis'].map((each: { value: { cooked: string } }) => each.value.cooked).join('…')
}

/** What titles of tests promise. A bare `§2.4` belongs to the specification that the head of its file names first. */
export function clausesOfTests(root: string, folder = 'test'): readonly Mentions[] {
  return filesBelow(root, folder, '.test.ts').map((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    if (!text.includes('§')) return { file, clauses: [] }
    const head = /^(?:\/\/.*\n)*/.exec(text)?.[0].replace(/\n\/\/ ?/g, ' ') ?? ''
    const [name] = head.match(NAME) ?? []
    const titles: string[] = []
    new Visitor({
      CallExpression({ callee, arguments: [first] }) {
        const title = RUNNERS.has(rootOf(callee) ?? '') ? titleOf(first) : null
        if (title !== null) titles.push(title)
      },
    }).visit(parseSync(file, text).program)
    return {
      file,
      clauses: titles.flatMap((title) => clausesIn(title, name === undefined ? null : nameOf(`${name} §`))),
    }
  })
}

/** A test of a clause or of one below it. A test of what stands above says less than the code does. */
export function covers(tested: Clause, { specification, section }: Clause): boolean {
  return (
    tested.specification === specification && (tested.section === section || tested.section.startsWith(`${section}.`))
  )
}
