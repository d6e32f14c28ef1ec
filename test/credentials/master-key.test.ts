// Where the master key comes from, what is refused, and that derived keys stay apart.

import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hmacSha256 } from '../../src/credentials/digest.ts'
import {
  deriveKey,
  keyCheck,
  loadMasterKey,
  MasterKeyUnusable,
  masterKeyFrom,
  newMasterKey,
  parseMasterKey,
  writeMasterKeyFile,
} from '../../src/credentials/master-key.ts'

const KEY_TEXT = Buffer.alloc(32, 7).toString('base64url')
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lingpai-key-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const file = () => join(folder, 'master.key')

describe('DATA/master.key', () => {
  it('is made at the first start with mode 0600, and read at the second', () => {
    const first = loadMasterKey({ dataFolder: folder }, { create: true })
    expect(first.created).toBe(true)
    expect(statSync(file()).mode & 0o777).toBe(0o600)
    expect(readFileSync(file(), 'utf8')).toBe(`${first.master.reveal()}\n`)
    expect(readdirSync(folder)).toEqual(['master.key'])
    const second = loadMasterKey({ dataFolder: folder }, { create: true })
    expect(second.created).toBe(false)
    expect(second.master.reveal()).toBe(first.master.reveal())
  })

  it('is not made up when it is missing and none may be created', () => {
    expect(() => loadMasterKey({ dataFolder: folder }, { create: false })).toThrow(/master\.key does not exist/)
    expect(readdirSync(folder)).toEqual([])
  })

  it('is never written over', () => {
    const first = newMasterKey()
    expect(writeMasterKeyFile(folder, first)).toBe(true)
    expect(writeMasterKeyFile(folder, newMasterKey())).toBe(false)
    expect(readdirSync(folder)).toEqual(['master.key'])
    expect(readFileSync(file(), 'utf8').trim()).toBe(first.reveal())
  })

  it.each([0o640, 0o604, 0o620, 0o666])('is refused with mode %o, and read again after chmod 600', (mode) => {
    writeFileSync(file(), `${KEY_TEXT}\n`)
    chmodSync(file(), mode)
    expect(() => loadMasterKey({ dataFolder: folder }, { create: true })).toThrow(/open to other users.*chmod 600/)
    chmodSync(file(), 0o600)
    expect(loadMasterKey({ dataFolder: folder }, { create: true }).master.reveal()).toBe(KEY_TEXT)
  })

  it('is refused when it is a folder, empty or far too long', () => {
    expect(() => loadMasterKey({ keyFile: folder }, { create: true })).toThrow(/not a regular file/)
    writeFileSync(file(), '', { mode: 0o600 })
    expect(() => loadMasterKey({ dataFolder: folder }, { create: true })).toThrow(/is empty/)
    writeFileSync(file(), 'A'.repeat(5000))
    expect(() => loadMasterKey({ dataFolder: folder }, { create: true })).toThrow(/not a master key/)
  })
})

describe('LINGPAI_MASTER_KEY and LINGPAI_MASTER_KEY_FILE', () => {
  it('go before the data folder, and leave it alone', () => {
    expect(loadMasterKey({ keyText: KEY_TEXT, dataFolder: folder }, { create: true }).master.reveal()).toBe(KEY_TEXT)
    expect(readdirSync(folder)).toEqual([])
    const mounted = join(folder, 'mounted')
    writeFileSync(mounted, KEY_TEXT)
    chmodSync(mounted, 0o444)
    expect(loadMasterKey({ keyFile: mounted }, { create: false }).master.reveal()).toBe(KEY_TEXT)
    chmodSync(mounted, 0o666)
    expect(() => loadMasterKey({ keyFile: mounted }, { create: false })).toThrow(/open to other users/)
  })

  it.skipIf(process.platform === 'win32')('what is wrong with a file says what named the file', () => {
    const named = (keyFile: string) => () => loadMasterKey({ keyFile }, { create: false })
    expect(named('/dev/null')).toThrow('/dev/null (LINGPAI_MASTER_KEY_FILE) is not a regular file')
    writeFileSync(file(), 'not base64url!')
    chmodSync(file(), 0o600)
    expect(named(file())).toThrow('(LINGPAI_MASTER_KEY_FILE) is not base64url')
    expect(() => loadMasterKey({ dataFolder: folder }, { create: false })).toThrow('(in the data folder) is not base64')
  })

  it('are refused together, when the file is missing, and when there is no source at all', () => {
    expect(() => loadMasterKey({ keyText: KEY_TEXT, keyFile: file() }, { create: true })).toThrow(/both set/)
    expect(() => loadMasterKey({ keyFile: file() }, { create: true })).toThrow(/does not exist/)
    expect(() => loadMasterKey({}, { create: true })).toThrow(/no master key/)
  })

  it.each([
    ['', /is empty/],
    ['not base64url!', /not base64url/],
    [Buffer.alloc(31).toString('base64url'), /holds 31 bytes/],
    [Buffer.alloc(33).toString('base64url'), /holds 33 bytes/],
    [`${KEY_TEXT.slice(0, -1)}d`, /not canonical/],
  ])('refuses %j without repeating it', (text, message) => {
    expect(() => parseMasterKey(text, 'KEY')).toThrow(MasterKeyUnusable)
    expect(() => parseMasterKey(text, 'KEY')).toThrow(message)
    if (text !== '') expect(() => parseMasterKey(text, 'KEY')).not.toThrow(text)
  })

  it('accepts a line end and padding', () => {
    expect(parseMasterKey(`  ${KEY_TEXT}=\r\n`, 'KEY').reveal()).toBe(KEY_TEXT)
  })
})

describe('derived keys', () => {
  it('are the same for the same key and label, and differ by either', () => {
    const one = masterKeyFrom(Buffer.alloc(32, 1))
    const same = masterKeyFrom(Buffer.alloc(32, 1))
    const other = masterKeyFrom(Buffer.alloc(32, 2))
    expect(one.key('csrf').equals(same.key('csrf'))).toBe(true)
    expect(one.key('csrf').equals(one.key('device'))).toBe(false)
    expect(one.key('csrf').equals(other.key('csrf'))).toBe(false)
    expect(one.key('csrf').symmetricKeySize).toBe(32)
    expect(one.hmac('csrf', 'x')).toEqual(hmacSha256(one.key('csrf').export(), 'x'))
    expect(one.hmac('csrf', 'x')).not.toEqual(one.hmac('device', 'x'))
    expect(keyCheck(one)).toBe(keyCheck(same))
    expect(keyCheck(one)).not.toBe(keyCheck(other))
    expect(one.keyId).toMatch(/^[0-9a-f]{8}$/)
    expect(one.keyId).not.toBe(other.keyId)
  })

  it('stay as they are from release to release', () => {
    // Another value here would make every stored secret digest and sealed column useless.
    expect(Buffer.from(deriveKey(Buffer.alloc(32, 7), 'client-secret')).toString('hex')).toBe(
      'a923c4efd7b90808d3d82612acc3c1d1f871a99c8f0cdd05ca58e6856bc1d5d6',
    )
  })

  it('do not show when the key object is printed', () => {
    const master = masterKeyFrom(Buffer.alloc(32, 7))
    master.key('seal')
    for (const text of [JSON.stringify(master), inspect(master, { depth: 9 })]) {
      expect(text).toContain(master.keyId)
      expect(text).not.toContain(KEY_TEXT)
      expect(text).not.toContain('07 07')
    }
  })

  it('come only from 32 bytes', () => {
    expect(() => masterKeyFrom(new Uint8Array(16))).toThrow(/32 bytes/)
  })
})
