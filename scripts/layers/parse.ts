// Reads the source tree: for every file what it imports, and the few expressions and texts that the rules ask about.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import { type Expression, parseSync, Visitor } from 'oxc-parser'

export interface Import {
  readonly specifier: string
  /** The file it leads to, relative to the tree; null: a package, or a module of Node. */
  readonly target: string | null
  /** Imported names; empty for `import 'x'`, `import * as x` and `import('x')`. */
  readonly names: readonly string[]
  readonly line: number
}

/** Something that stands in a file: an expression such as `process.env`, or the beginning of a text. */
export interface Fact {
  readonly text: string
  readonly line: number
}

export interface SourceFile {
  /** Relative to the tree, with forward slashes. */
  readonly path: string
  readonly lines: number
  readonly imports: readonly Import[]
  /** `process.env`, `Date.now`, `new Date()`, `` html`…` `` */
  readonly expressions: readonly Fact[]
  /** Strings and the text parts of templates. */
  readonly texts: readonly Fact[]
}

/** Throws when a file cannot be parsed: a file that is not understood is a file that is not checked. */
export function readTree(tree: string): readonly SourceFile[] {
  return sourcesIn(tree).map((path) => readSource(tree, path))
}

function sourcesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .toSorted()
}

function readSource(tree: string, path: string): SourceFile {
  const text = readFileSync(join(tree, path), 'utf8')
  const { module, program, errors } = parseSync(path, text)
  const [error] = errors
  if (error !== undefined) throw new Error(`${path} cannot be parsed: ${error.message}`)
  const starts = [...text.matchAll(/\n/g)].map(({ index }) => index + 1)
  const lineAt = (offset: number) => 1 + starts.filter((start) => start <= offset).length
  const imported = (specifier: string, names: readonly string[], offset: number): Import => ({
    specifier,
    target: specifier.startsWith('.') ? posix.join(dirname(path), specifier) : null,
    names,
    line: lineAt(offset),
  })
  const nameOf = ({ name }: { readonly name: string | null }) => (name === null ? [] : [name])
  const imports = [
    ...module.staticImports.map(({ moduleRequest, entries, start }) =>
      imported(
        moduleRequest.value,
        entries.flatMap(({ importName }) => nameOf(importName)),
        start,
      ),
    ),
    ...module.staticExports.flatMap(({ entries, start }) =>
      entries.flatMap(({ moduleRequest, importName }) =>
        moduleRequest === null ? [] : [imported(moduleRequest.value, nameOf(importName), start)],
      ),
    ),
    ...module.dynamicImports.map(({ moduleRequest: { start, end } }) =>
      // A computed import cannot be followed. Its expression is kept as text, which leads to no file, so that the rules
      // refuse it.
      imported(text.slice(start, end).replace(/^['"`]|['"`]$/g, ''), [], start),
    ),
  ]
  const expressions: Fact[] = []
  const texts: Fact[] = []
  new Visitor({
    MemberExpression(node) {
      const name = dotted(node)
      if (name !== null) expressions.push({ text: name, line: lineAt(node.start) })
    },
    VariableDeclarator({ id, init, start }) {
      // `const { env } = process` reads the same as `process.env`.
      const name = id.type === 'ObjectPattern' && init !== null ? dotted(init) : null
      if (name === null || id.type !== 'ObjectPattern') return
      for (const property of id.properties) {
        if (property.type !== 'Property' || property.key.type !== 'Identifier') continue
        expressions.push({ text: `${name}.${property.key.name}`, line: lineAt(start) })
      }
    },
    NewExpression(node) {
      const bare = node.callee.type === 'Identifier' && node.callee.name === 'Date' && node.arguments.length === 0
      if (bare) expressions.push({ text: 'new Date()', line: lineAt(node.start) })
    },
    CallExpression(node) {
      const bare = node.callee.type === 'Identifier' && node.callee.name === 'Date'
      if (bare) expressions.push({ text: 'Date()', line: lineAt(node.start) })
    },
    TaggedTemplateExpression(node) {
      const name = dotted(node.tag)
      if (name !== null) expressions.push({ text: `${name}\`…\``, line: lineAt(node.start) })
    },
    Literal(node) {
      if (typeof node.value === 'string') texts.push({ text: node.value, line: lineAt(node.start) })
    },
    TemplateLiteral(node) {
      texts.push({
        text: node.quasis.map(({ value }) => value.cooked ?? value.raw).join('…'),
        line: lineAt(node.start),
      })
    },
  }).visit(program)
  return { path, lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0), imports, expressions, texts }
}

/** `process.env`, also for `globalThis.process['env']`; null for what has no fixed name. */
function dotted(node: Expression): string | null {
  if (node.type === 'Identifier') return node.name === 'globalThis' ? '' : node.name
  if (node.type !== 'MemberExpression') return null
  const object = dotted(node.object)
  const { property } = node
  const name =
    property.type === 'Literal' && typeof property.value === 'string'
      ? property.value
      : !node.computed && property.type === 'Identifier'
        ? property.name
        : null
  return object === null || name === null ? null : object === '' ? name : `${object}.${name}`
}
