// The figures of a run as tables: for the terminal, and as Markdown for docs/reference/performance.md.

import type { Figures } from './measure.ts'
import type { MeasuredServer } from './measured-server.ts'

/** What one server did in one operation; null: it does not have it. */
export interface Row {
  readonly operation: string
  readonly server: string
  readonly figures: Figures | null
}

export interface Ending {
  readonly server: MeasuredServer
  /** Bytes. */
  readonly rssAtEnd: number
}

const FLOOR = 'floor'
const PEER = 'oidc-provider, SQLite NORMAL'

/** Rows of one table, head first. */
export type Table = readonly (readonly string[])[]

export function costTable(rows: readonly Row[]): Table {
  const head = ['operation', 'server', 'CPU µs', '× floor', '× oidc-provider', 'per s', 'p50 ms', 'p99 ms']
  return [head, ...rows.flatMap((row) => costLine(row, rows))]
}

function costLine({ operation, server, figures }: Row, rows: readonly Row[]): Table {
  if (figures === null) return []
  const cpuOf = (name: string) =>
    rows.find((row) => row.operation === operation && row.server === name)?.figures?.cpu ?? null
  const ratio = (other: number | null) => (other === null ? '–' : (figures.cpu / other).toFixed(2))
  // CPU time is counted in ticks of ten milliseconds, so that less than a microsecond an operation means nothing.
  const database = figures.databaseCpu >= 1 ? ` + ${figures.databaseCpu.toFixed(0)}` : ''
  const { perSecond, p50, p99 } = figures
  const times = [perSecond.toFixed(0), p50.toFixed(1), p99.toFixed(1)]
  return [
    [operation, server, `${figures.cpu.toFixed(0)}${database}`, ratio(cpuOf(FLOOR)), ratio(cpuOf(PEER)), ...times],
  ]
}

export function rateTable(rows: readonly Row[]): Table {
  const head = ['operation', 'server', 'per s', 'p50 ms', 'p99 ms']
  return [
    head,
    ...rows.flatMap(({ operation, server, figures }) =>
      figures === null
        ? []
        : [[operation, server, figures.perSecond.toFixed(0), figures.p50.toFixed(1), figures.p99.toFixed(1)]],
    ),
  ]
}

export function processTable(endings: readonly Ending[]): Table {
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0)
  return [
    ['server', 'durable when answered', 'first answer, ms', 'MiB at start', 'MiB at the end'],
    ...endings.map(({ server: { name, durability, startUp, rssAtStart }, rssAtEnd }) => [
      name,
      durability,
      startUp.toFixed(0),
      mib(rssAtStart),
      mib(rssAtEnd),
    ]),
  ]
}

export function asText(table: Table): string {
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  const isNumber = (column: number) => table.slice(1).every((row) => /^[\d.+ –]+$/.test(row[column] ?? ''))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  return table.map(line).join('\n')
}

export function asMarkdown(table: Table): string {
  const [head = [], ...body] = table
  const line = (row: readonly string[]) => `| ${row.join(' | ')} |`
  const rule = head.map((_, column) => (body.every((row) => /^[\d.+ –]+$/.test(row[column] ?? '')) ? '---:' : '---'))
  return [line(head), line(rule), ...body.map(line)].join('\n')
}
