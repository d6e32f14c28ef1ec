// Backup and restore: what comes back is what was there, nothing is ever overwritten, and a damaged file leaves nothing.

import { execFileSync, spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BackupRequest, backup } from '../../src/administration/backup/backup.ts'
import { createSeal, encodeHeader, sealStream } from '../../src/administration/backup/container.ts'
import { type RestoreRequest, restore } from '../../src/administration/backup/restore.ts'
import { addUser } from '../../src/administration/users.ts'
import { loadMasterKey, newMasterKey, writeMasterKeyFile } from '../../src/credentials/master-key.ts'
import type { Driver } from '../../src/store/database/driver.ts'
import { openSqlite } from '../../src/store/database/sqlite/sqlite-driver.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { createStore } from '../../src/store/store.ts'
import { type Installation, openInstallation, refusal } from './installation.ts'

const PASSPHRASE = 'five fake words for tests'

let house: Installation
beforeEach(async () => {
  house = await openInstallation()
  await addUser(house, { username: 'alice', name: '张三', phone: '13800138000' })
})
afterEach(() => house.close())

const make = (request: Partial<BackupRequest> = {}) =>
  backup(house, { file: house.path('backup'), master: house.master, ...request })
const bring = (request: Partial<RestoreRequest> = {}) =>
  restore({ file: house.path('backup'), folder: house.path('new/data'), databaseFile: 'lingpai.sqlite', ...request })

async function contentOf(folder: string) {
  const driver = await openSqlite({ file: join(folder, 'lingpai.sqlite') })
  const store = createStore(driver)
  const users = await store.listUsers('', 1_000)
  const events = await store.listEvents(1_000)
  await driver.close()
  return { users: users.map(({ username }) => username), events: events.map(({ type }) => type) }
}

const usersOf = async (folder: string) => (await contentOf(folder)).users

function recipient() {
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  return {
    recipientKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    recipientPrivateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

describe('a backup comes back', () => {
  test('with a passphrase: data and master key, for the owner only', async () => {
    const report = await make({ passphrase: PASSPHRASE })
    expect(report).toMatchObject({ protection: 'passphrase', holdsMasterKey: true, schemaVersion: migrations.length })
    expect(statSync(report.file).mode & 0o777).toBe(0o600)
    expect(statSync(report.file).size).toBe(report.bytes)
    expect(await bring({ passphrase: PASSPHRASE })).toMatchObject({ masterKeyWritten: true })
    const folder = house.path('new/data')
    expect(readdirSync(folder).toSorted((a, b) => a.localeCompare(b))).toEqual(['lingpai.sqlite', 'master.key'])
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    expect(loadMasterKey({ dataFolder: folder }, { create: false }).master.keyId).toBe(house.master.keyId)
    expect(await usersOf(folder)).toEqual(['alice'])
  })

  test('made for a recipient: with the private key only', async () => {
    const keys = recipient()
    expect(await make({ recipientKey: keys.recipientKey })).toMatchObject({ holdsMasterKey: true })
    expect((await refusal(bring())).code).toBe('private_key_required')
    const stranger = recipient()
    expect((await refusal(bring({ recipientPrivateKey: stranger.recipientPrivateKey }))).code).toBe('wrong_key')
    expect(existsSync(house.path('new'))).toBe(false)
    await bring({ recipientPrivateKey: keys.recipientPrivateKey })
    expect(await usersOf(house.path('new/data'))).toEqual(['alice'])
  })

  test('M13 without protection it leaves the master key out, and restore asks for the right one', async () => {
    expect(await make()).toMatchObject({ protection: 'none', holdsMasterKey: false })
    expect(readFileSync(house.path('backup')).includes(house.master.reveal())).toBe(false)
    expect((await refusal(bring())).code).toBe('master_key_required')
    expect((await refusal(bring({ master: newMasterKey() }))).code).toBe('wrong_key')
    expect(existsSync(house.path('new'))).toBe(false)
    expect(await bring({ master: house.master })).toMatchObject({ masterKeyWritten: true })
    expect(await usersOf(house.path('new/data'))).toEqual(['alice'])
  })

  test('without a key file where the master key is kept elsewhere', async () => {
    await make()
    const report = await bring({ master: house.master, keepMasterKeyOutside: true })
    expect(report.masterKeyWritten).toBe(false)
    expect(readdirSync(house.path('new/data'))).toEqual(['lingpai.sqlite'])
  })

  test('holds one state of the data, however much is written meanwhile', async () => {
    const work = make({ passphrase: PASSPHRASE })
    await Promise.all(Array.from({ length: 50 }, (_, at) => addUser(house, { username: `late${at}` })))
    await work
    await bring({ passphrase: PASSPHRASE })
    const { users, events } = await contentOf(house.path('new/data'))
    expect(users).toContain('alice')
    expect(events.filter((type) => type === 'user_added')).toHaveLength(users.length)
    expect((await house.store.listEvents(100)).map(({ type }) => type)).toContain('backup_made')
  })

  test('into an empty folder that is there already', async () => {
    await make({ passphrase: PASSPHRASE })
    mkdirSync(house.path('empty'))
    chmodSync(house.path('empty'), 0o755)
    await bring({ passphrase: PASSPHRASE, folder: house.path('empty') })
    expect(statSync(house.path('empty')).mode & 0o777).toBe(0o700)
  })
})

describe('nothing is overwritten', () => {
  test('a file, a link and a dangling link at the place of the backup are left as they are', async () => {
    writeFileSync(house.path('precious'), 'precious')
    symlinkSync(house.path('precious'), house.path('link'))
    symlinkSync(house.path('nowhere'), house.path('dangling'))
    for (const name of ['precious', 'link', 'dangling']) {
      expect((await refusal(make({ file: house.path(name), passphrase: PASSPHRASE }))).code).toBe('file_exists')
    }
    expect(readFileSync(house.path('precious'), 'utf8')).toBe('precious')
    expect(existsSync(house.path('nowhere'))).toBe(false)
    expect(readdirSync(house.folder).filter((name) => name.startsWith('.lingpai-backup'))).toEqual([])
  })

  test('a folder that holds anything is not restored into', async () => {
    await make({ passphrase: PASSPHRASE })
    mkdirSync(house.path('full'))
    writeFileSync(house.path('full/note'), 'mine')
    expect((await refusal(bring({ passphrase: PASSPHRASE, folder: house.path('full') }))).code).toBe('folder_not_empty')
    expect(readdirSync(house.path('full'))).toEqual(['note'])
    const taken = bring({ passphrase: PASSPHRASE, folder: house.path('backup') })
    expect((await refusal(taken)).code).toBe('folder_unusable')
  })
})

/** Told at the same instant, each in a process of its own. */
async function race(folder: string, starters: readonly { readonly file: string; readonly keyFile: string }[]) {
  const children = starters.map(({ file, keyFile }) =>
    spawn(process.execPath, [fileURLToPath(new URL('restore.child.ts', import.meta.url)), file, folder, keyFile], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  )
  const ends = children.map(async (child) => {
    let said = ''
    for await (const text of child.stdout.setEncoding('utf8')) said += String(text)
    return JSON.parse(said.split('\n')[1] ?? '') as { readonly code: string; readonly message?: string }
  })
  await Promise.all(children.map((child) => once(child.stdout, 'readable')))
  const at = Date.now() + 30
  for (const child of children) child.stdin.write(String(at))
  return Promise.all(ends)
}

describe('several restores into one folder at the same moment', () => {
  /** A backup without protection, and the file of the key that belongs to it. */
  async function prepared(name: string, of: Installation) {
    const [file, keyFile] = [house.path(`${name}.backup`), house.path(`${name}.key`)]
    await backup(of, { file, master: of.master })
    writeMasterKeyFile(house.folder, of.master)
    renameSync(house.path('master.key'), keyFile)
    return { file, keyFile }
  }

  test('one succeeds, the others say why not, and nothing is mixed or lost', { timeout: 60_000 }, async () => {
    const other = await openInstallation()
    await addUser(other, { username: 'bob' })
    const [ours, theirs] = [await prepared('ours', house), await prepared('theirs', other)]
    // Its backup is verified to the end before the key is found not to be its own.
    const wrong = { file: theirs.file, keyFile: ours.keyFile }
    for (let round = 0; round < 8; round++) {
      const folder = house.path(`race-${round}`)
      // There already, as a mounted one is, or made by whoever comes first.
      if (round % 2 === 0) mkdirSync(folder)
      const all = await race(folder, [ours, theirs, wrong])
      const [first, second, third] = all.map(({ code }) => code)
      expect(third).not.toBe('restored')
      const winners = [first, second].filter((code) => code === 'restored')
      for (const { code, message } of all) {
        if (code === 'restored' || code === 'wrong_key') continue
        expect(code, message).toBe('folder_not_empty')
        expect(message).toMatch(/Another restore .* is running|is not empty/)
      }
      // Where the wrong one was let in, the others may have been refused before it gave up.
      if (third !== 'wrong_key' || winners.length > 1) expect(winners).toEqual(['restored'])
      if (winners.length === 0) {
        expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([])
        continue
      }
      expect(readdirSync(folder).toSorted()).toEqual(['lingpai.sqlite', 'master.key'])
      const winner = first === 'restored' ? house : other
      expect(loadMasterKey({ dataFolder: folder }, { create: false }).master.keyId).toBe(winner.master.keyId)
      expect(await usersOf(folder)).toEqual([winner === house ? 'alice' : 'bob'])
    }
    await other.close()
  })
})

describe('a file that does not hold', () => {
  test.each(['passphrase', 'none'] as const)(
    'changed or cut off anywhere is refused: protection %s',
    async (kind) => {
      const openers = kind === 'none' ? { master: house.master } : { passphrase: PASSPHRASE }
      await make(kind === 'none' ? {} : { passphrase: PASSPHRASE })
      const whole = readFileSync(house.path('backup'))
      const header = 19 + whole.readUInt32BE(15)
      const flipped = (at: number) => {
        const bytes = Buffer.from(whole)
        bytes[at] = (bytes[at] ?? 0) ^ 1
        return bytes
      }
      const chunk = 65_536 + 16
      const damages = [
        flipped(header + 10),
        flipped(header + chunk + 10),
        flipped(whole.length - 1),
        flipped(header - 20),
        whole.subarray(0, whole.length - 1),
        whole.subarray(0, header + chunk),
        whole.subarray(0, header),
        Buffer.concat([whole, Buffer.of(0)]),
        // Two chunks change places.
        Buffer.concat([
          whole.subarray(0, header),
          whole.subarray(header + chunk, header + 2 * chunk),
          whole.subarray(header, header + chunk),
          whole.subarray(header + 2 * chunk),
        ]),
      ]
      for (const [at, bytes] of damages.entries()) {
        writeFileSync(house.path('damaged'), bytes)
        const { code } = await refusal(bring({ ...openers, file: house.path('damaged') }))
        expect([at, code]).toEqual([at, expect.stringMatching(/^(damaged_backup|wrong_passphrase|not_a_backup)$/)])
        expect(existsSync(house.path('new'))).toBe(false)
      }
      await bring(openers)
      // Each opening of a passphrase costs a large scrypt.
    },
    120_000,
  )

  test('a wrong passphrase and none at all are told apart', async () => {
    await make({ passphrase: PASSPHRASE })
    expect((await refusal(bring({ passphrase: 'another fake passphrase' }))).code).toBe('wrong_passphrase')
    expect((await refusal(bring())).code).toBe('passphrase_required')
    expect(existsSync(house.path('new'))).toBe(false)
  })

  test.each([
    ['no backup at all', Buffer.from('hello')],
    ['an empty file', Buffer.alloc(0)],
    [
      'a header that asks for too much memory',
      (() => {
        const json = JSON.stringify({
          version: 1,
          nonce: 'x',
          protection: { kind: 'passphrase', salt: 'AA', cost: 2 ** 30, blockSize: 8 },
        })
        const length = Buffer.alloc(4)
        length.writeUInt32BE(json.length)
        return Buffer.concat([Buffer.from('lingpai backup\n'), length, Buffer.from(json), Buffer.alloc(100)])
      })(),
    ],
  ])('%s is refused', async (_, bytes) => {
    writeFileSync(house.path('strange'), bytes)
    const { code } = await refusal(bring({ file: house.path('strange'), passphrase: PASSPHRASE }))
    expect(['not_a_backup', 'damaged_backup']).toContain(code)
    expect(existsSync(house.path('new'))).toBe(false)
  })
})

/** A backup that is not sealed, of a database as it is, with a first line of somebody else's. */
async function forge(database: string, firstLine: string): Promise<void> {
  const header = encodeHeader({ version: 1, nonce: 'forged', protection: { kind: 'none' } })
  const content = async function* () {
    yield Buffer.from(`${firstLine}\n`)
    yield readFileSync(database)
  }
  const pieces: Uint8Array[] = [header]
  for await (const piece of sealStream(content(), createSeal(null, header))) pieces.push(piece)
  writeFileSync(house.path('backup'), Buffer.concat(pieces))
}

describe('a file put in the place of a sealed backup', () => {
  test('that is not sealed is refused where a passphrase or a private key is given, and nothing is left', async () => {
    await make()
    const { recipientPrivateKey } = recipient()
    for (const expected of [{ passphrase: PASSPHRASE }, { recipientPrivateKey }]) {
      expect((await refusal(bring({ ...expected, master: house.master }))).code).toBe('not_sealed')
      expect((await refusal(bring(expected))).code).toBe('not_sealed')
    }
    expect(existsSync(house.path('new'))).toBe(false)
    await bring({ master: house.master })
    expect(await usersOf(house.path('new/data'))).toEqual(['alice'])
  })

  test('that holds a master key without being sealed is none of ours', async () => {
    const copy = house.path('copy.sqlite')
    await house.store.driver.backup?.(copy, () => undefined)
    await forge(copy, JSON.stringify({ masterKey: house.master.reveal() }))
    expect(await refusal(bring())).toMatchObject({ code: 'damaged_backup' })
    expect(existsSync(house.path('new'))).toBe(false)
    await forge(copy, JSON.stringify({ masterKey: null }))
    await bring({ master: house.master })
    expect(await usersOf(house.path('new/data'))).toEqual(['alice'])
  })
})

describe('a file put in the place of a backup', () => {
  test('whose first line is none of ours is damaged, and nothing is left', async () => {
    const copy = house.path('copy.sqlite')
    await house.store.driver.backup?.(copy, () => undefined)
    for (const line of ['hello', 'null', '[]', '7', '{"masterKey":7}', '['.repeat(1_000), '{"masterKey":"short"}']) {
      await forge(copy, line)
      expect((await refusal(bring({ master: house.master }))).code, line).toBe('damaged_backup')
      expect(existsSync(house.path('new')), line).toBe(false)
    }
    await forge(copy, '{"masterKey":null}')
    await bring({ master: house.master })
    expect(await usersOf(house.path('new/data'))).toEqual(['alice'])
  })

  test('that is a pipe is refused at once, also when nobody writes to it', async () => {
    execFileSync('mkfifo', [house.path('pipe')])
    expect(await refusal(bring({ file: house.path('pipe'), master: house.master }))).toMatchObject({
      code: 'not_a_backup',
      message: `The backup file ${house.path('pipe')} is not a regular file`,
    })
    expect(existsSync(house.path('new'))).toBe(false)
  })

  test.runIf(process.platform === 'linux')('that cannot be read to its end is said to be so', async () => {
    // A regular file whose first page no process has.
    expect(await refusal(bring({ file: '/proc/self/mem', master: house.master }))).toMatchObject({
      code: 'damaged_backup',
      message: expect.stringMatching(/^The backup is damaged: it cannot be read: EIO/),
    })
    expect(existsSync(house.path('new'))).toBe(false)
  })
})

describe('a backup that would be useless is not made', () => {
  test.each([
    [{ passphrase: 'short' }, 'weak_password'],
    [{ passphrase: PASSPHRASE, master: newMasterKey() }, 'wrong_key'],
    [{ master: newMasterKey() }, 'wrong_key'],
    [{ recipientKey: 'no key' }, 'unusable_key'],
    [{ recipientKey: recipient().recipientPrivateKey }, 'unusable_key'],
    [{ passphrase: PASSPHRASE, ...recipient() }, 'backup_failed'],
    [{ file: '/nonexistent-folder/backup' }, 'backup_failed'],
  ])('%#', async (request, code) => {
    expect((await refusal(make(request))).code).toBe(code)
    expect(existsSync(house.path('backup'))).toBe(false)
    expect(readdirSync(house.folder).filter((name) => name.startsWith('.lingpai-backup'))).toEqual([])
  })

  test('the wrong half of a pair of keys is named, in both directions', async () => {
    const { recipientKey, recipientPrivateKey } = recipient()
    expect(await refusal(make({ recipientKey: recipientPrivateKey }))).toMatchObject({
      message: 'This is a private key; a public key belongs here',
    })
    await make({ recipientKey })
    const request = {
      file: house.path('backup'),
      folder: house.path('new'),
      databaseFile: 'lingpai.sqlite',
      recipientPrivateKey: recipientKey,
    }
    expect(await refusal(restore(request))).toMatchObject({
      message: 'This is a public key; a private key belongs here',
    })
    expect(existsSync(house.path('new'))).toBe(false)
  })

  test('PostgreSQL is pointed to its own', async () => {
    const { driver } = house.store
    const postgres: Driver = {
      dialect: 'postgres',
      rows: (statement, bind) => driver.rows(statement, bind),
      atomic: (steps) => driver.atomic(steps),
      script: (sql) => driver.script(sql),
      close: () => Promise.resolve(),
    }
    const parts = { store: createStore(postgres), clock: house.clock }
    const refused = await backup(parts, { file: house.path('backup'), master: null }).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'backup_unsupported', hint: expect.stringContaining('pg_dump') })
  })
})
