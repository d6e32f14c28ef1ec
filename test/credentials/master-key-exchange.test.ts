// The key files of a data folder at each moment at which a replacement may have been cut off.

import { linkSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { keyCheck, loadMasterKey, MasterKeyUnusable } from '../../src/credentials/master-key.ts'
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
