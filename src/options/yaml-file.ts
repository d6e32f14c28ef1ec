// The one YAML file: found, read, and flattened to dotted keys that know their line.

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import { OptionsError } from './problem.ts'
import { ROWS } from './table.ts'

export interface Entry {
  readonly key: string
  readonly value: unknown
  readonly line: number
}

export interface OptionsFile {
  readonly path: string
  /** Relative paths in the file begin here. */
  readonly folder: string
  /** Nobody named it: it was found in the data folder. */
  readonly isInData: boolean
  readonly entries: readonly Entry[]
}

/** `named`: somebody asked for this file, so it must exist. */
export type Found = 'named' | 'in data' | 'in folder'

const LARGEST = 1024 * 1024

/** Null when there is no such file and nobody named it. */
export function readOptionsFile(path: string, found: Found): OptionsFile | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    // ENOTDIR: the data folder is a file; whoever needs the folder says so.
    const isAbsent = error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    if (found !== 'named' && isAbsent) return null
    throw new OptionsError([`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`])
  }
  if (text.length > LARGEST) throw new OptionsError([`${path} is larger than 1 MiB: that is no file of options`])
  return { path, folder: dirname(resolve(path)), isInData: found === 'in data', entries: parseEntries(text, path) }
}

function parseEntries(text: string, path: string): readonly Entry[] {
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
    // A group is opened; the value of an option never is, so that a map in place of a value is told as such.
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
