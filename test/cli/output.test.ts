// What a command says while it works: on one line of a terminal, and not at all where nobody watches.

import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { createOutput, table } from '../../src/cli/output.ts'

function stream(about: object) {
  let text = ''
  const writable = new Writable({
    write(chunk: Buffer, _, done) {
      text += chunk.toString()
      done()
    },
  })
  return { writable: Object.assign(writable, about), text: () => text }
}

test.each([
  ['Writing: 1 of 2', 20, 'Writing: 1 of 2'],
  // A line that is broken in two by the terminal is not written over, but scrolls.
  ['Waiting for another import', 20, 'Waiting for another'],
  ['导入用户：第三百行共一千行', 20, '导入用户：第三百行'],
  ['a👍👍👍', 6, 'a👍👍'],
])('progress %j on a terminal of %i columns is %j', (text, columns, shown) => {
  const [out, err] = [stream({}), stream({ isTTY: true, columns })]
  const output = createOutput(false, out.writable, err.writable)
  output.progress(text)
  output.progressDone()
  expect(err.text()).toBe(`\r\u001b[2K${shown}\n`)
  expect(out.text()).toBe('')
})

test('where nobody watches there is no progress, and a note is a line', () => {
  const [out, err] = [stream({}), stream({})]
  const output = createOutput(true, out.writable, err.writable)
  output.progress('Writing: 1 of 2')
  output.progressDone()
  output.note('Another import is under way.')
  expect([out.text(), err.text()]).toEqual(['', 'Another import is under way.\n'])
})

test('what others have chosen does nothing to the terminal, and makes no row of a table', () => {
  const acting = 'x\u001b[2J\u009b31m\u202ey'
  const escaped = 'x\\u001b[2J\\u009b31m\\u202ey'
  const [out, err] = [stream({}), stream({ isTTY: true })]
  const people = createOutput(false, out.writable, err.writable)
  people.say(acting)
  people.note(acting)
  people.progress(`${acting}\n`)
  people.progressDone()
  expect([out.text(), err.text()]).toEqual([`${escaped}\n`, `${escaped}\n\r\u001b[2K${escaped}\\u000a\n`])
  const programs = stream({})
  createOutput(true, programs.writable, err.writable).result({ name: acting })
  expect(programs.text()).toBe(`{\n  "name": "${escaped}"\n}\n`)
  expect(table([[`a\nb ${acting}`, 'c']])).toBe(`a\\u000ab ${escaped}  c`)
})
