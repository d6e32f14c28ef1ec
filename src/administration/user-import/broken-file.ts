// A file whose structure is broken: nothing after that line can be trusted, so nothing of the file is taken.

import { LONGEST_LINE } from './import-file.ts'

export class BrokenFile extends Error {
  readonly line: number
  readonly hint: string | null
  constructor(line: number, message: string, hint: string | null = null, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BrokenFile'
    this.line = line
    this.hint = hint
  }
}

export function tooLong(line: number, options?: ErrorOptions): BrokenFile {
  const hint = 'A double quote that is never closed makes many lines one'
  return new BrokenFile(line, `the line is longer than ${LONGEST_LINE / 1024} KiB`, hint, options)
}
