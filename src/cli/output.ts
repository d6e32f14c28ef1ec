// How commands speak: people read sentences and tables, programs read one JSON value; what a command is doing goes to
// standard error, so that the result can be piped.

import type { Writable } from 'node:stream'
import type { Seconds } from '../model/time.ts'
import { terminalLanguage } from '../options/index.ts'
import type { Locale } from '../pages/index.ts'
import { forLine, forLines } from '../platform/terminal-text.ts'

/** Meanings of the exit code, the same for every command. */
export const EXIT = {
  done: 0,
  /** The operation was refused or failed; the message says why. */
  failed: 1,
  /** The command line or the configuration is wrong; nothing was tried. */
  usage: 2,
  notFound: 3,
  /** Something with this name is there already, or was changed by somebody else. */
  conflict: 4,
  /** The database or the port cannot be had. */
  unavailable: 5,
  /** The database belongs to a newer release, or to another master key: starting the same again does not help. */
  outdated: 6,
} as const

export interface Output {
  readonly json: boolean
  /** The language for people. With `--json`, which programs read, everything is in English, notes included. */
  readonly language: Locale
  /** The result for people; not written with `--json`. */
  say(text: string): void
  /** The result for programs; written with `--json` only. */
  result(value: unknown): void
  /** What is going on, for people, on standard error. */
  note(text: string): void
  /** Shows progress on a terminal: each line replaces the one before, and is cut to the width of the terminal. */
  progress(text: string): void
  /** Ends a progress line. */
  progressDone(): void
}

export function createOutput(json: boolean, out: Writable = process.stdout, err: Writable = process.stderr): Output {
  const watched = 'isTTY' in err && err.isTTY === true
  let open = false
  return {
    json,
    language: json ? 'en' : terminalLanguage(),
    say(text) {
      if (!json) out.write(`${forLines(text)}\n`)
    },
    result(value) {
      if (json) out.write(`${forLines(JSON.stringify(value, null, 2))}\n`)
    },
    note(text) {
      err.write(`${forLines(text)}\n`)
    },
    progress(text) {
      if (!watched) return
      const columns = 'columns' in err && typeof err.columns === 'number' ? err.columns : Number.POSITIVE_INFINITY
      err.write(`\r\u001b[2K${cut(forLine(text), columns - 1)}`)
      open = true
    },
    progressDone() {
      if (open) err.write('\n')
      open = false
    },
  }
}

let ending: number = EXIT.done

/** Sets the exit code for the case that the reader of the output goes away before everything has been written. */
export function endWith(exitCode: number): void {
  ending = exitCode
}

/**
 * Ends the process when its results can no longer be written: because the reader has gone (`… | head`), or the disk is
 * full. The log is different: a server goes on when nobody reads it, or its disk is full.
 */
export function endWithReader(out: Writable = process.stdout, err: Writable = process.stderr): void {
  err.on('error', () => undefined)
  out.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') process.exit(ending)
    err.write(`Error: The output cannot be written (${code}).\n`, () => process.exit(EXIT.failed))
  })
}

/** A failure with its exit code; the hint says what to do next. */
export class CommandFailed extends Error {
  readonly exitCode: number
  readonly code: string
  readonly hint: string | null
  constructor(exitCode: number, code: string, message: string, hint: string | null = null) {
    super(message)
    this.name = 'CommandFailed'
    this.exitCode = exitCode
    this.code = code
    this.hint = hint
  }
}

/** An instant as programs and people read it, in UTC. */
export function instant(at: Seconds): string
export function instant(at: Seconds | null): string | null
export function instant(at: Seconds | null): string | null {
  return at === null ? null : new Date(at * 1000).toISOString()
}

/**
 * A table whose columns are as wide as their widest cell, where Chinese characters count twice. Line ends in a cell are
 * removed, so that no cell can pretend to be a row of its own.
 */
export function table(given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(forLine))
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, width(cell))
  }
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell + ' '.repeat((widths[at] ?? 0) - width(cell) + 2)))
      .join('')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}

/** The beginning of the text, as much as fits into so many columns of a terminal. */
function cut(text: string, columns: number): string {
  let shown = ''
  for (const character of text) {
    if (width(shown + character) > columns) break
    shown += character
  }
  return shown.trimEnd()
}

function width(text: string): number {
  let columns = 0
  for (const character of text)
    columns +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        character,
      )
        ? 2
        : 1
  return columns
}
