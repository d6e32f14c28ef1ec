// What stands in the YAML file, flattened to dotted keys that know their line.

import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import { OptionsError } from './problem.ts'
import { ROWS } from './table.ts'

export interface Entry {
  readonly key: string
  readonly value: unknown
  readonly line: number
}

/** Throws `OptionsError`. */
export function parseEntries(text: string, path: string): readonly Entry[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const lineAt = (offset: number) => lines.linePos(offset).line
  const broken = [...document.errors, ...document.warnings]
  if (broken.length > 0) {
    throw new OptionsError(broken.map(({ message, pos }) => `${path} line ${lineAt(pos[0])}: ${message}`))
  }
  const root = document.contents
  if (root === null || (isScalar(root) && root.value === null)) return []
  if (!isMap(root)) throw new OptionsError([`${path} line 1: must hold lines such as "port: 4000"`])
  const found: Entry[] = []
  const walk = (node: unknown, prefix: string, line: number) => {
    // Only groups are opened. The value of an option is kept whole, so that a map in its place is reported as a wrong
    // value.
    if (!isMap<Node, Node | null>(node) || ROWS.has(prefix)) {
      found.push({ key: prefix, value: node === null ? null : plain(node), line })
      return
    }
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : String(key)
      const at = key.range?.[0]
      walk(value, prefix === '' ? name : `${prefix}.${name}`, at === undefined ? line : lineAt(at))
    }
  }
  walk(root, '', 1)
  return found

  function plain(node: unknown): unknown {
    if (typeof node === 'object' && node !== null && 'toJS' in node && typeof node.toJS === 'function') {
      return node.toJS(document)
    }
    return node
  }
}
