// Exporting users: what comes out can go back in, and no spreadsheet runs it.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ExportOptions, exportUsers } from '../../src/administration/user-export.ts'
import { importUsers } from '../../src/administration/user-import/index.ts'
import { addUser, getUser, setUserEnabled } from '../../src/administration/users.ts'
import type { User } from '../../src/model/user.ts'
import { type Installation, openInstallation } from './installation.ts'
import { source } from './user-import/source.ts'

let house: Installation
beforeEach(async () => {
  house = await openInstallation()
})
afterEach(() => house.close())

async function exported(options: ExportOptions): Promise<string> {
  let text = ''
  for await (const piece of exportUsers(house, options)) text += piece
  return text
}

const FORMULAS = ['=1+1', '+1', '-1', '@SUM(A1)', "'=1", "''=1", "''", "'plain", '＝1', '=HYPERLINK("http://x","y")']

async function fill(): Promise<readonly User[]> {
  const users = FORMULAS.map(async (text, at) =>
    addUser(house, {
      username: `u${at}${text}`,
      userId: `-id-${at}`,
      name: text,
      nickname: `a "quoted", ${text}`,
      phone: `1380013800${at % 10}`,
      phoneVerified: at % 2 === 0,
      email: `u${at}@example.com`,
      custom: { note: text },
      address: { formatted: 'line one\nline two', country: 'CN' },
      password: 'fake-passphrase-for-tests',
    }),
  )
  await Promise.all(users)
  await setUserEnabled(house, { userId: '-id-3' }, false)
  return await Promise.all(FORMULAS.map((_, at) => getUser(house.store, { userId: `-id-${at}` })))
}

const essence = ({ userId, username, profile, phone, phoneVerified, email, emailVerified, enabled }: User) => ({
  userId,
  username,
  profile,
  phone,
  phoneVerified,
  email,
  emailVerified,
  enabled,
})

describe.each(['csv', 'jsonl'] as const)('%s', (format) => {
  test('goes back in as it came out', async () => {
    const before = await fill()
    const text = await exported({ format, passwordHashes: true })
    const other = await openInstallation()
    expect(await importUsers(other, source(text))).toMatchObject({ status: 'imported', imported: before.length })
    for (const user of before) {
      const found = await getUser(other.store, { userId: user.userId })
      expect(essence(found)).toEqual(essence(user))
      const hashes = [house, other].map(async ({ store }) => (await store.findUser(user.userId))?.passwordHash)
      expect(await hashes[0]).toEqual(await hashes[1])
    }
    await other.close()
  })

  test('M13 holds no password hashes unless they are asked for', async () => {
    await fill()
    expect(await exported({ format })).not.toContain('argon2')
    expect(await exported({ format, passwordHashes: true })).toContain('$argon2id$')
    const written = (await house.store.listEvents(50)).filter(({ type }) => type === 'users_exported')
    expect(new Set(written.map(({ detail }) => detail?.['passwordHashes']))).toEqual(new Set([false, true]))
  })
})

test('no cell of CSV begins with what a spreadsheet would run', async () => {
  await fill()
  const text = await exported({ format: 'csv' })
  const cells = text.split(/,|\r\n/).map((cell) => cell.replace(/^"/, ''))
  expect(cells.filter((cell) => /^[=+\-@\t\r＝＋－＠]/.test(cell))).toEqual([])
  expect(cells).toContain("'+8613800138000")
})

test('writes a byte order mark when asked, and goes page by page', async () => {
  const rows = Array.from({ length: 1_203 }, (_, at) => `u${at}`)
  await importUsers(house, source(`username\n${rows.join('\n')}`))
  const plain = await exported({ format: 'csv' })
  expect(plain.startsWith('user_id,username,name,')).toBe(true)
  expect(await exported({ format: 'csv', bom: true })).toBe(`\uFEFF${plain}`)
  expect(plain.trimEnd().split('\r\n')).toHaveLength(1_204)
})
