// The secret that an operator pastes is compared with the real client's, and what was pasted around it is told.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { badLines, type House, lineOf, openHouse, SECRET, sentence } from './house.ts'

let house: House

beforeEach(async () => {
  house = await openHouse()
  await house.addClient('tenant-a')
  await house.addUser('alice')
})
afterEach(() => house.server.close())

const pasted = async (secret: string, clientId = 'tenant-a') => house.run(clientId, 'alice', secret)

test('the right secret holds', async () => {
  const report = await pasted(SECRET)
  expect(badLines(report)).toEqual([])
  expect(lineOf(report, "The pasted secret is this client's").state).toBe('ok')
  expect(report.pastedSecret).toEqual({ matches: true, leadingBlanks: 0, trailingBlanks: 0, lineEnd: false })
  expect(JSON.stringify(report)).not.toContain(SECRET)
})

test.each(['\n', '\r\n'])('a line end from a terminal is a note only (%j)', async (end) => {
  const report = await pasted(`${SECRET}${end}`)
  expect(report.passed).toBe(true)
  expect(report.pastedSecret).toEqual({ matches: true, leadingBlanks: 0, trailingBlanks: 0, lineEnd: true })
  expect(lineOf(report, 'It ended with a line end').state).toBe('note')
})

test('blanks around it are counted, and would fail in a console', async () => {
  const report = await pasted(`  ${SECRET}\t\n`)
  expect(report.passed).toBe(false)
  expect(report.pastedSecret).toEqual({ matches: true, leadingBlanks: 2, trailingBlanks: 1, lineEnd: true })
  expect(sentence(lineOf(report, 'The secret is right, but').explanation)).toContain(
    '2 blank characters before it and 1 after it',
  )
})

test.each([
  ['another secret', `${SECRET}x`, 'lingpai client rotate-secret tenant-a'],
  ['the client id', 'tenant-a\n', 'the ClientId, not the ClientSecret'],
  ['nothing', '\n', 'Nothing was pasted'],
])('%s is refused, and not repeated', async (_, secret, why) => {
  const report = await pasted(secret)
  expect(report.passed).toBe(false)
  expect(report.pastedSecret?.matches).toBe(false)
  expect(sentence(lineOf(report, "The pasted secret is not this client's").explanation)).toContain(why)
  expect(JSON.stringify(report)).not.toContain(`${SECRET}x`)
})

test('it is checked even when the client gets no code, and a public client has none', async () => {
  await house.addUser('bob', { enabled: false, phone: null })
  const stopped = await house.run('tenant-a', 'bob', SECRET)
  expect(lineOf(stopped, "The pasted secret is this client's").state).toBe('ok')
  await house.addClient('page', 'spa', { redirect_uris: ['https://app.example.com/cb'] })
  const open = await pasted(SECRET, 'page')
  expect(lineOf(open, 'A public client has no secret').state).toBe('bad')
})
