// The picture of the layers and the table of nevers in ARCHITECTURE.md, made from the arrows that exist and the rules.

import type { SourceFile } from './parse.ts'
import { LAYERS, RULES, roomOf } from './rules.ts'

export const BEGIN = '<!-- layers:begin -->'
export const END = '<!-- layers:end -->'

/** The text between the markers, markers excluded. */
export function drawLayers(files: readonly SourceFile[]): string {
  const rooms = new Set(files.map(({ path }) => roomOf(path)))
  const idOf = (room: string) => room.replace(/\.ts$/, '_ts').replaceAll('-', '_')
  const layers = LAYERS.flatMap(({ name, rooms: all }) => {
    const present = all.filter((room) => rooms.has(room))
    if (present.length === 0) return []
    return [`  subgraph ${name}`, ...present.map((room) => `    ${idOf(room)}["${room}"]`), '  end']
  })
  const arrows = arrowsOf(files).map(([from, to]) => `  ${idOf(from)} --> ${idOf(to)}`)
  const nevers = RULES.map(({ never, why }) => `| ${never} | ${why} |`)
  return [
    '',
    'Made by `npm run layers -- --draw` from the imports that exist; `npm run check` fails when it is stale.',
    '',
    '```mermaid',
    'flowchart TD',
    ...layers,
    ...arrows,
    '```',
    '',
    '| never | because |',
    '| --- | --- |',
    ...nevers,
    '',
  ].join('\n')
}

function arrowsOf(files: readonly SourceFile[]): readonly (readonly [string, string])[] {
  const order = LAYERS.flatMap(({ rooms }) => rooms)
  const seen = new Map<string, readonly [string, string]>()
  for (const { path, imports } of files) {
    for (const { target } of imports) {
      if (target === null || roomOf(target) === roomOf(path)) continue
      seen.set(`${roomOf(path)} ${roomOf(target)}`, [roomOf(path), roomOf(target)])
    }
  }
  const at = ([from, to]: readonly [string, string]) => order.indexOf(from) * order.length + order.indexOf(to)
  return [...seen.values()].toSorted((one, other) => at(one) - at(other))
}

/** The document with a new block; throws when it has no markers. */
export function withBlock(document: string, block: string): string {
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  if (begin === -1 || end < begin) throw new Error(`ARCHITECTURE.md has no block between ${BEGIN} and ${END}`)
  return `${document.slice(0, begin + BEGIN.length)}${block}${document.slice(end)}`
}
