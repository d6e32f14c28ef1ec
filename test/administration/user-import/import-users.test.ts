// Importing users: encodings, columns, what each bad row is told, and that nothing happens unless all is well.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fileSource, type ImportOptions, importUsers } from '../../../src/administration/user-import/index.ts'
import { addUser, getUser } from '../../../src/administration/users.ts'
import { gb18030 } from '../gb18030.ts'
import { type Installation, openInstallation, refusal } from '../installation.ts'
import { source } from './source.ts'

let house: Installation
beforeEach(async () => {
  house = await openInstallation()
})
afterEach(() => house.close())

const run = (content: string | Uint8Array, options?: ImportOptions) => importUsers(house, source(content), options)
const count = () => house.store.countUsers()

test.runIf(process.platform === 'linux')('a file that cannot be read is named, and nothing happens', async () => {
  // A regular file whose first page no process has.
  expect(await refusal(importUsers(house, fileSource('/proc/self/mem')))).toMatchObject({
    code: 'unreadable_file',
    message: expect.stringMatching(/^The import file \/proc\/self\/mem cannot be read: EIO/),
  })
  expect(await count()).toBe(0)
})

test('rows are written in short lists with a rest behind each, so that others get in between', async () => {
  const rows = ['username', ...Array.from({ length: 450 }, (_, at) => `person-${at}`)]
  let ticks = 0
  const ticking = setInterval(() => ticks++, 1)
  const lists: { readonly size: number; readonly began: number; readonly ended: number }[] = []
  const addImportedUsers: typeof house.store.addImportedUsers = async (importId, users, at) => {
    const began = ticks
    const result = await house.store.addImportedUsers(importId, users, at)
    if (users.length > 0) lists.push({ size: users.length, began, ended: ticks })
    return result
  }
  try {
    const watched = { ...house, store: { ...house.store, addImportedUsers } }
    expect(await importUsers(watched, source(rows.join('\n')))).toMatchObject({ imported: 450 })
  } finally {
    clearInterval(ticking)
  }
  expect(lists.map(({ size }) => size)).toEqual([200, 200, 50])
  for (const [at, { ended }] of lists.slice(0, -1).entries()) expect(lists[at + 1]?.began).toBeGreaterThan(ended)
})

describe('encodings', () => {
  const text = 'username,姓名,手机号\nzhangsan,张三,13800138000\nlisi,李四,13900139000\n'

  test.each([
    ['UTF-8', text, 'utf-8'],
    ['UTF-8 with a byte order mark', `\uFEFF${text}`, 'utf-8'],
    ['GB18030, as Chinese Excel writes it', gb18030(text), 'gb18030'],
  ])('reads %s and says so', async (_, content, encoding) => {
    expect(await run(content)).toMatchObject({ status: 'imported', imported: 2, encoding, format: 'csv' })
    expect(await getUser(house.store, 'zhangsan')).toMatchObject({
      phone: '+8613800138000',
      profile: { displayName: '张三' },
    })
  })

  test.each([
    ['UTF-16 little endian', Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16 without a mark', Buffer.from(text, 'utf16le')],
    ['an Excel workbook', Buffer.from('PK\u0003\u0004\u0000\u0000\u0000', 'latin1')],
    ['bytes that are neither', Buffer.concat([Buffer.from('username\na'), Buffer.of(0xff, 0xff, 0x0a)])],
  ])('refuses %s with advice', async (_, content) => {
    const refused = await run(content).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'unreadable_file', hint: expect.stringContaining('CSV UTF-8') })
  })
})

describe('formats', () => {
  test('reads every column of the table', async () => {
    const header =
      'User ID,login,姓名,given name,FAMILY_NAME,nickname,mobile,phone_verified,邮箱,email_verified,locale,picture,gender,生日,address,custom.department,password_hash'
    const hash = '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy'
    const row = `u-1,Alice,"张, 三",三,张,小三,"86-138 0013 8000",是,a@example.com,FALSE,zh-CN,https://example.com/a.png,f,1990/1/2,"一号
二楼",R&D,${hash}`
    expect(await run(`sep=,\n\n${header}\n${row}\n`)).toMatchObject({ status: 'imported', rows: 1 })
    expect(await house.store.findUser('u-1')).toMatchObject({
      username: 'Alice',
      phone: '+8613800138000',
      phoneVerified: true,
      email: 'a@example.com',
      emailVerified: false,
      enabled: true,
      passwordHash: hash,
      profile: {
        displayName: '张, 三',
        givenName: '三',
        familyName: '张',
        nickname: '小三',
        picture: 'https://example.com/a.png',
        gender: 'f',
        birthdate: '1990-01-02',
        locale: 'zh-CN',
        address: { formatted: '一号\n二楼' },
        custom: { department: 'R&D' },
      },
    })
  })

  test.each([
    ['semicolons', 'username;name\na;Ä, B\n'],
    ['tabs', 'username\tname\r\na\tÄ, B\r\n'],
    ['old Mac line ends', 'username,name\ra,"Ä, B"'],
    ['blank lines and empty columns', '\n\nusername,name,,\n\na,"Ä, B",,\n,,,\n'],
    ['JSON Lines', '{"username":"a","name":"Ä, B"}\n\n'],
  ])('reads %s', async (_, content) => {
    expect(await run(content)).toMatchObject({ status: 'imported', imported: 1 })
    expect((await getUser(house.store, 'a')).profile).toEqual({ displayName: 'Ä, B' })
  })

  test('reads JSON Lines with numbers, truth values and nested members', async () => {
    const lines = [
      { user_id: 7, username: 'a', phone: 13800138000, phone_verified: true, custom: { team: 'x' }, email: null },
      { username: 'b', address: { country: 'CN' }, enabled: false, phone: '13800138000' },
    ]
    const report = await run(lines.map((line) => JSON.stringify(line)).join('\n'))
    expect(report).toMatchObject({ status: 'imported', format: 'jsonl', imported: 2 })
    expect(await getUser(house.store, '7')).toMatchObject({ phoneVerified: true, profile: { custom: { team: 'x' } } })
    expect(await getUser(house.store, 'b')).toMatchObject({ enabled: false, profile: { address: { country: 'CN' } } })
  })

  test('hashes passwords, and refuses those that would be refused elsewhere', async () => {
    const weak = await run('username,password\na,fake-passphrase-one\nb,12345678\n')
    expect(weak).toMatchObject({ status: 'refused', problems: [{ line: 3, column: 'password' }] })
    expect(await run('username,password\na,fake-passphrase-one\n')).toMatchObject({ imported: 1 })
    const { passwordHash } = (await house.store.findUserByUsername('a')) ?? {}
    expect(passwordHash).toMatch(/^\$argon2id\$/)
    expect(await house.hasher.verify('fake-passphrase-one', passwordHash ?? null)).toMatchObject({ matches: true })
  })
})

describe('bad files', () => {
  const FILE = [
    'username,name,phone,phone_verified,email',
    'good1,一,13800138000,true,a@example.com',
    'bad1,二,1.38E+10,true,',
    'good2,三,,,',
    'GOOD2,四,,,',
    'bad2,五,13800138000,,',
    'bad3,六,13900139000,maybe,nobody',
    'taken,七,,,',
    ',八,,,',
    'bad4,九,,,,more',
  ].join('\n')

  test('every bad row is named with its line, its column and the reason, and nothing changes', async () => {
    await addUser(house, { username: 'taken' })
    const report = await run(FILE)
    expect(report).toMatchObject({ status: 'refused', rows: 9, imported: 0, badRows: 7, problemCount: 8 })
    expect(report.problems.map(({ line, column, problem }) => [line, column, problem])).toEqual([
      [3, 'phone', expect.stringContaining('Excel')],
      [5, 'username', 'is the same as in line 4'],
      [6, 'phone', 'is the same as in line 2'],
      [7, 'phone_verified', expect.stringContaining('neither true nor false')],
      [7, 'email', expect.stringContaining('no e-mail address')],
      [8, 'username', expect.stringContaining('exists already')],
      [9, 'username', 'is empty'],
      [10, null, expect.stringContaining('cell 6')],
    ])
    expect(report.problems[0]?.hint).toContain('format the column as text')
    expect(await count()).toBe(1)
  })

  test('of a row all is said: what is badly written, what rows before have, and what users have', async () => {
    await addUser(house, { username: 'taken', phone: '13800138000', userId: 'user-1' })
    await addUser(house, { username: 'other', phone: '13700137000' })
    const file = [
      'user_id,username,name,phone,email',
      'user-1,taken,一,13800138000,',
      ',taken,二,13800138000,nobody',
      ',first,三,13900139000,',
      ',FIRST,四,13900139000,nobody',
      ',first,五,13700137000,',
      ',odd,六,13800138000,a@example.com,more',
    ].join('\n')
    const report = await run(file)
    expect(report).toMatchObject({ status: 'refused', rows: 6, imported: 0, badRows: 5 })
    expect(report.problems.map(({ line, column, problem }) => [line, column, problem])).toEqual([
      [2, 'username', expect.stringContaining('exists already')],
      [2, 'phone', expect.stringContaining('exists already')],
      [2, 'user_id', expect.stringContaining('is taken')],
      [3, 'email', expect.stringContaining('no e-mail address')],
      [3, 'username', 'is the same as in line 2'],
      [3, 'phone', 'is the same as in line 2'],
      [5, 'email', expect.stringContaining('no e-mail address')],
      [5, 'username', 'is the same as in line 4'],
      [5, 'phone', 'is the same as in line 4'],
      [6, 'username', 'is the same as in line 4'],
      [6, 'phone', expect.stringContaining('exists already')],
      // Cells that have slipped are nobody's number.
      [7, null, expect.stringContaining('cell 6')],
    ])
    expect(await count()).toBe(2)
    expect(await run(file, { skipBad: true })).toMatchObject({ status: 'imported', imported: 1, badRows: 5 })
    expect(await getUser(house.store, 'first')).toMatchObject({ profile: { displayName: '三' } })
  })

  test('with skipBad the good rows are imported and the others left out', async () => {
    await addUser(house, { username: 'taken' })
    expect(await run(FILE, { skipBad: true })).toMatchObject({ status: 'imported', imported: 2, badRows: 7 })
    expect(await count()).toBe(3)
    expect(await getUser(house.store, 'good2')).toMatchObject({ profile: { displayName: '三' } })
  })

  test('a dry run says the same and changes nothing', async () => {
    expect(await run(FILE, { dryRun: true })).toMatchObject({ status: 'refused', badRows: 6 })
    expect(await run('username\na\n', { dryRun: true })).toMatchObject({ status: 'checked', rows: 1, imported: 0 })
    expect(await count()).toBe(0)
    expect(await house.store.listEvents(10)).toEqual([])
    expect(await house.store.listOpenImports()).toEqual([])
  })

  test.each([
    ['username,fone\n', 'unknown_column', 'fone'],
    ['username,birth day\n', 'unknown_column', 'birth day'],
    ['username,custom.a b\n', 'unknown_column', 'custom.a b'],
    ['', 'unreadable_file', 'The file is empty'],
    ['[{"username":"a"}]', 'unreadable_file', 'JSON array'],
  ])('refuses the whole file %j', async (content, code, words) => {
    const refused = await refusal(run(content))
    expect(refused.code).toBe(code)
    expect(refused.message).toContain(words)
  })

  test('an unknown column names the nearest known one, and the way to keep it', async () => {
    const refused = await run('username,phone_numer\na,1\n').catch((error: unknown) => error)
    expect(refused).toMatchObject({ hint: expect.stringMatching(/Did you mean phone\?.*custom\.phone_numer/) })
    expect(await run('username,custom.phone_numer\na,1\n')).toMatchObject({ status: 'imported' })
  })

  test.each([
    ['name,phone\na,1\n', 1, 'no column username'],
    ['username,phone,手机号\na,,\n', 1, 'both the column phone'],
    [`username${',custom.c'.repeat(200)}\n`, 1, '201 columns'],
    ['username,name\na,b\nc,"d\ne,f\n', 3, 'never closed'],
    ['username,name\na,b"c\n', 2, 'double quote'],
    [`username,name\na,b\nc,"${'x'.repeat(70_000)}"\n`, 3, 'longer than 64 KiB'],
    [`username,name\na,b\n${','.repeat(70_000)}\n`, 3, 'longer than 64 KiB'],
    [`{"username":"a"}\n{"username":"${'x'.repeat(70_000)}"}\n`, 2, 'longer than 64 KiB'],
  ])('a broken structure is refused with its line, also with skipBad: %.40j', async (content, line, words) => {
    const report = await run(content, { skipBad: true })
    expect(report).toMatchObject({ status: 'refused', imported: 0 })
    expect(report.problems.at(-1)).toMatchObject({ line, column: null, problem: expect.stringContaining(words) })
    expect(await count()).toBe(0)
  })

  test.each([
    [`username,custom.x\na,${'x'.repeat(8_193)}\n`, 'longer than 8192 bytes'],
    ['{"username":"a","phone":1.5}', 'neither text'],
    ['{"username":"a","phon":"1"}', 'is no column'],
    ['{"username":"a","mobile":"13800138000","phone":"13800138000"}', 'twice'],
    ['{"username":["a"]}', 'neither text'],
    ['{username:"a"}', 'no JSON'],
    ['{"username":"a"}\n"b"', 'no JSON object'],
    ['{"username":"a","__proto__":{"x":1}}', 'is no column'],
    ['username,password_hash\na,md5:0123456789abcdef\n', 'not a hash of a known kind'],
    ['username,password,password_hash\na,fake-passphrase-one,x\n', 'only one of them'],
    ['username,user_id\na,a b\n', 'printable ASCII'],
  ])('refuses the row of %.60j', async (content, words) => {
    const report = await run(content)
    expect(report.status).toBe('refused')
    expect(report.problems[0]?.problem).toContain(words)
  })

  test('a thousand problems are kept word by word, and all are counted', async () => {
    const lines = Array.from({ length: 1_500 }, (_, at) => `u${at},12`)
    const report = await run(['username,phone', ...lines].join('\n'))
    expect(report).toMatchObject({ badRows: 1_500, problemCount: 1_500 })
    expect(report.problems).toHaveLength(1_000)
  })
})
