// The key files of a data folder at each moment at which a replacement may have been cut off.

import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import {
  keyCheck,
  loadMasterKey,
  MasterKeyUnusable,
  masterKeyFrom,
  writeMasterKeyFile,
} from '../../src/credentials/master-key.ts'
import { formerFile, keysInFolder, putInPlace } from '../../src/credentials/master-key-exchange.ts'
import { markOf, type Replacement } from '../../src/credentials/replaced-master-key.ts'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function begun(): { readonly folder: string; readonly keys: Replacement; readonly mark: string } {
  const folder = mkdtempSync(join(tmpdir(), 'lingpai-exchange-'))
  folders.push(folder)
  const { master } = loadMasterKey({ dataFolder: folder }, { create: true })
  const keys = keysInFolder(folder, keyCheck(master))
  expect(keys.former.keyId).toBe(master.keyId)
  return { folder, keys, mark: markOf(keys) }
}

const namesOf = ({ former, next }: Replacement) => [former.keyId, next.keyId]
const present = (folder: string) => loadMasterKey({ dataFolder: folder }, { create: false }).master.keyId

test('the next key is made once, and found again before anything has begun', () => {
  const { folder, keys } = begun()
  expect(readdirSync(folder).toSorted()).toEqual(['master.key', 'master.key.next'])
  expect(namesOf(keysInFolder(folder, keyCheck(keys.former)))).toEqual(namesOf(keys))
  expect(namesOf(keysInFolder(folder, null))).toEqual(namesOf(keys))
})

test.each([
  ['before the files change', () => undefined],
  [
    'when the former one has two names',
    (folder: string, keys: Replacement) => linkSync(join(folder, 'master.key'), formerFile(folder, keys.former)),
  ],
  ['when they have changed', putInPlace],
])('%s both are found, and the next one ends in place', (_, until: (folder: string, keys: Replacement) => void) => {
  const { folder, keys, mark } = begun()
  const former = readFileSync(join(folder, 'master.key'), 'utf8')
  until(folder, keys)
  const found = keysInFolder(folder, mark)
  expect(namesOf(found)).toEqual(namesOf(keys))
  putInPlace(folder, found)
  expect(present(folder)).toBe(keys.next.keyId)
  expect(readdirSync(folder).toSorted()).toEqual(['master.key', `master.key.former-${keys.former.keyId}`])
  expect(readFileSync(formerFile(folder, keys.former), 'utf8')).toBe(former)
})

test("made by root in somebody else's folder, the files belong to them", () => {
  const { folder, keys } = begun()
  const isRoot = process.getuid?.() === 0
  if (isRoot) for (const name of ['', ...readdirSync(folder)]) chownSync(join(folder, name), 12_345, 12_346)
  putInPlace(folder, keys)
  const { uid, gid } = statSync(folder)
  expect(uid === 12_345).toBe(isRoot)
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name))).toMatchObject({ uid, gid })
})

test('a key that is missing is named, and nothing is made in its place', () => {
  const { folder, mark } = begun()
  const hidden = join(folder, 'elsewhere')
  renameSync(join(folder, 'master.key.next'), hidden)
  expect(() => keysInFolder(folder, mark)).toThrow(MasterKeyUnusable)
  expect(() => keysInFolder(folder, mark)).toThrow('The next master key of the replacement that was begun is not in')
  expect(readdirSync(folder).toSorted()).toEqual(['elsewhere', 'master.key'])
  renameSync(hidden, join(folder, 'master.key.next'))
  expect(() => keysInFolder(folder, mark)).not.toThrow()
  unlinkSync(join(folder, 'master.key'))
  expect(() => keysInFolder(folder, mark)).toThrow('The former master key of the replacement')
})

test('nothing is made for a database of another key', () => {
  const { folder, keys } = begun()
  unlinkSync(join(folder, 'master.key.next'))
  keysInFolder(folder, keyCheck(keys.next))
  expect(readdirSync(folder)).toEqual(['master.key'])
})

const third = masterKeyFrom(new Uint8Array(32).fill(3))
const text = (file: string) => readFileSync(file, 'utf8').trim()

function expectInPlace(folder: string, keys: Replacement): void {
  putInPlace(folder, keys)
  expect(text(join(folder, 'master.key'))).toBe(keys.next.reveal())
  expect(text(formerFile(folder, keys.former))).toBe(keys.former.reveal())
  expect(existsSync(join(folder, 'master.key.next'))).toBe(false)
}

test.each([
  ['nothing', ''],
  ['another key', third.reveal()],
])('the former key stays where it is while %s is in the file that is to keep it', (_, content) => {
  const { folder, keys } = begun()
  const kept = formerFile(folder, keys.former)
  writeFileSync(kept, content, { mode: 0o600 })
  expect(() => putInPlace(folder, keys)).toThrow(MasterKeyUnusable)
  expect(text(join(folder, 'master.key'))).toBe(keys.former.reveal())
  expect(text(kept)).toBe(content)
  rmSync(kept)
  expectInPlace(folder, keys)
})

test('a key of somebody else is not written over', () => {
  const { folder, keys } = begun()
  writeFileSync(join(folder, 'master.key'), third.reveal(), { mode: 0o600 })
  expect(() => putInPlace(folder, keys)).toThrow(MasterKeyUnusable)
  expect(text(join(folder, 'master.key'))).toBe(third.reveal())
  rmSync(join(folder, 'master.key'))
  expectInPlace(folder, keys)
})

test('what was moved to another of the names is found, and put where it belongs', () => {
  const { folder, keys, mark } = begun()
  rmSync(join(folder, 'master.key'))
  rmSync(join(folder, 'master.key.next'))
  writeMasterKeyFile(folder, keys.former, 'master.key.former-a')
  writeMasterKeyFile(folder, keys.next, 'master.key.former-b')
  const found = keysInFolder(folder, mark)
  expect([found.former, found.next].map(keyCheck)).toEqual([keys.former, keys.next].map(keyCheck))
  expectInPlace(folder, keys)
})

test('a link to a key that is kept elsewhere is refused before anything is made', () => {
  const { folder, keys } = begun()
  rmSync(join(folder, 'master.key'))
  rmSync(join(folder, 'master.key.next'))
  const elsewhere = join(folder, 'elsewhere')
  mkdirSync(elsewhere)
  writeMasterKeyFile(elsewhere, keys.former)
  symlinkSync(join(elsewhere, 'master.key'), join(folder, 'master.key'))
  expect(() => keysInFolder(folder, keyCheck(keys.former))).toThrow(/is a link.*--new-key-file/)
  expect(existsSync(join(folder, 'master.key.next'))).toBe(false)
})
