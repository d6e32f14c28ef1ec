// The only writer to stdout and stderr of a running server: one JSON object a line, or plain lines for a person.

import { type Sample, Tally } from './metrics/reading.ts'
import { forLine } from './terminal-text.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** Lines that were written, by level. */
  written?(): readonly Sample<number>[]
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/** `write` receives one line without its line end. No value can forge a line, nor do anything to a terminal. */
export function createLog(
  level: LogLevel | 'silent',
  format: 'json' | 'text',
  write: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): Log {
  const written = new Tally()
  const least = level === 'silent' ? Number.POSITIVE_INFINITY : RANK[level]
  const at = (rank: LogLevel) => (message: string, fields?: LogFields) => {
    if (RANK[rank] < least) return
    written.add(rank)
    const time = new Date().toISOString()
    write(
      format === 'json'
        ? forLine(JSON.stringify({ time, level: rank, message, ...fields }))
        : textLine(time, rank, message, fields),
    )
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), written: () => written.read() }
}

function textLine(time: string, level: LogLevel, message: string, fields: LogFields | undefined): string {
  const known = Object.entries(fields ?? {}).filter(([, value]) => value !== undefined)
  const tail = known.map(([name, value]) => ` ${name}=${JSON.stringify(value)}`).join('')
  return forLine(`${time} ${level.padEnd(5)} ${message.replace(/\p{Cc}/gu, ' ')}${tail}`)
}

export const silentLog: Log = createLog('silent', 'text')
