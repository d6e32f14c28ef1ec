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
    'Made by `npm run layers -- --draw` from the imports that exist; `npm run check` fails when it is stale. An arrow says who imports',
    'whom; one that a longer way implies is left out.',
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

/**
 * The arrows from room to room. Those that a longer way implies are left out, because a drawing with all of them could
 * not be read.
 */
function arrowsOf(files: readonly SourceFile[]): readonly (readonly [string, string])[] {
  const known = new Map<string, Set<string>>()
  for (const { path, imports } of files) {
    const from = roomOf(path)
    const targets = known.get(from) ?? new Set()
    for (const { target } of imports) if (target !== null && roomOf(target) !== from) targets.add(roomOf(target))
    known.set(from, targets)
  }
  const order = LAYERS.flatMap(({ rooms }) => rooms)
  return order.flatMap((from) =>
    order.filter((to) => known.get(from)?.has(to) && !isImplied(known, from, to)).map((to) => [from, to] as const),
  )
}

/** Whether another room that `from` knows leads to `to`. */
function isImplied(known: ReadonlyMap<string, ReadonlySet<string>>, from: string, to: string): boolean {
  const reached = new Set([from])
  const ahead = [...(known.get(from) ?? [])].filter((room) => room !== to)
  for (const room of ahead) {
    if (room === to) return true
    if (reached.has(room)) continue
    reached.add(room)
    ahead.push(...(known.get(room) ?? []))
  }
  return false
}

/** The document with a new block; throws when it has no markers. */
export function withBlock(document: string, block: string): string {
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  if (begin === -1 || end < begin) throw new Error(`ARCHITECTURE.md has no block between ${BEGIN} and ${END}`)
  return `${document.slice(0, begin + BEGIN.length)}${block}${document.slice(end)}`
}
