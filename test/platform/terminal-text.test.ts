// What others have chosen does nothing to whoever reads a log or a terminal, and forges no line.

import { expect, test } from 'vitest'
import { createLog } from '../../src/platform/log.ts'
import { forLine, forLines } from '../../src/platform/terminal-text.ts'

/** Escape and its one-character form, a line end in three spellings, text turned round, delete. */
const ACTING = '\u001b[2J\u009b31m\r\n\u0085\u2028\u202ekcab\u2066\u007f'
const ESCAPED = '\\u001b[2J\\u009b31m\\u000d\\u000a\\u0085\\u2028\\u202ekcab\\u2066\\u007f'
const NAMES = '张三 Zoë 👩‍👩‍👧 نام‌ها'

test('what a terminal would act on stands as it is written in JSON', () => {
  expect(forLine(`a${ACTING}b`)).toBe(`a${ESCAPED}b`)
  expect(forLines(`a\n\tb${ACTING}`)).toBe(`a\n\tb${ESCAPED.replace('\\u000a', '\n')}`)
  expect([forLine(NAMES), forLines(NAMES)]).toEqual([NAMES, NAMES])
})

test('a log line is one line, in both formats, and says the same', () => {
  const lines: string[] = []
  for (const format of ['json', 'text'] as const) {
    createLog('info', format, (line) => lines.push(line)).warn(`m${ACTING}`, { field: `${NAMES}${ACTING}` })
  }
  const [json = '', text = ''] = lines
  for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u)
  expect(JSON.parse(json)).toMatchObject({ message: `m${ACTING}`, field: `${NAMES}${ACTING}` })
  expect(text).toContain(` field="${NAMES}\\u001b[2J`)
})
