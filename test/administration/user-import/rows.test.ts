// The reader of rows: whatever text the cells hold and wherever the pieces of the file end, the cells come out as they
// went in.

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodedText, type InspectedFile, inspectFile } from '../../../src/administration/user-import/import-file.ts'
import { type RawRow, rowsOf } from '../../../src/administration/user-import/rows.ts'
import { gb18030 } from '../gb18030.ts'
import { source } from './source.ts'

const COLUMNS = ['username', 'custom.a', 'custom.b']

async function read(content: string | Uint8Array, piece: number, file?: InspectedFile): Promise<readonly RawRow[]> {
  const from = source(content, piece)
  const found = file ?? (await inspectFile(from))
  const rows: RawRow[] = []
  for await (const row of rowsOf(decodedText(from, found.encoding), found)) rows.push(row)
  return rows
}

const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`
const cell = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', '张', '😀', '"', ',', ';', '\n', '\r\n', '\t', "'", ' '), maxLength: 12 }),
  fc.string({ maxLength: 12 }),
)
const row = fc.tuple(fc.string({ unit: fc.constantFrom('x', 'y', '三'), minLength: 1, maxLength: 5 }), cell, cell)
const lineEnd = fc.constantFrom('\n', '\r\n')

test('cells of CSV come out as they went in, in pieces of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 8 }),
      lineEnd,
      fc.integer({ min: 1, max: 40 }),
      async (rows, end, piece) => {
        const text = [COLUMNS, ...rows].map((cells) => cells.map(quoted).join(',')).join(end) + end
        const file = { encoding: 'utf-8', format: 'csv', delimiter: ',' } as const
        const found = await read(text, piece, file)
        expect(found.map(({ cells }) => COLUMNS.map((column) => cells.get(column) ?? ''))).toEqual(
          rows.map((cells) => cells.map((each) => (/^'[=+\-@\t\r']/.test(each) ? each.slice(1) : each))),
        )
        expect(found.flatMap(({ problems }) => problems)).toEqual([])
        let line = 2
        for (const [at, cells] of rows.entries()) {
          expect(found[at]?.line).toBe(line)
          line += 1 + cells.join('').split(/\r\n|\n|\r/).length - 1
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('cells of JSON Lines come out as they went in, in pieces of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 40 }),
      async (rows, piece) => {
        const objects = rows.map(([username, a, b]) => ({ username, custom: { a, b } }))
        const found = await read(objects.map((each) => JSON.stringify(each)).join('\n'), piece)
        expect(found.map(({ cells }) => COLUMNS.map((column) => cells.get(column) ?? ''))).toEqual(rows)
      },
    ),
    { numRuns: 200 },
  )
})

test('GB18030 is understood wherever the pieces end', async () => {
  const text = 'username,姓名\nzhang,张三丰\nli,李四光\n'
  for (let piece = 1; piece < 20; piece++) {
    const rows = await read(gb18030(text), piece)
    expect(rows.map(({ cells }) => cells.get('name'))).toEqual(['张三丰', '李四光'])
  }
})

test('any bytes at all are either read or refused with a reason', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 40 }), async (bytes, piece) => {
      const content = Buffer.concat([Buffer.from('username,custom.a\n'), bytes])
      const outcome = await read(content, piece).then(
        (rows) => rows.length,
        (error: unknown) => error,
      )
      if (typeof outcome !== 'number') {
        expect(outcome).toMatchObject({ name: expect.stringMatching(/^(AdministrationError|BrokenFile)$/) })
      }
    }),
    { numRuns: 500 },
  )
})
