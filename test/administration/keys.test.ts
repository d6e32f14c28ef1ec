// What operators do with signing keys: published before they sign, brought forward, put off, taken back, given up.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { endKey, type KeyPolicy, listKeys, postponeKey, rotateKeys, undoKey } from '../../src/administration/keys.ts'
import { keyPolicy } from '../../src/issuer/keys/key-policy.ts'
import { PUBLISHED_BEFORE_USE, SEEN_BY_ALL_NODES } from '../../src/issuer/keys/rotation.ts'
import { type Installation, openInstallation, refusal } from './installation.ts'

let house: Installation
let policy: KeyPolicy

beforeEach(async () => {
  house = await openInstallation()
  policy = keyPolicy({ algorithms: ['ES256'], publishAhead: PUBLISHED_BEFORE_USE }, house.master)
  await rotateKeys(house, {}, policy)
  house.clock.advance(1)
})
afterEach(() => house.close())

const states = async () => (await listKeys(house)).map(({ state }) => state)
const ids = async () => (await listKeys(house)).map(({ keyId }) => keyId)
const events = async () => (await house.store.listEvents(50)).map(({ type }) => type)
async function next(): Promise<string> {
  const { keys } = await rotateKeys(house, {}, policy)
  return keys[0]?.keyId ?? ''
}

test('the first key signs at once; the next one waits, then takes over', async () => {
  expect(await states()).toEqual(['signing'])
  const { keys } = await rotateKeys(house, {}, policy)
  expect(keys).toMatchObject([{ state: 'waiting', activeAt: house.clock.now() + PUBLISHED_BEFORE_USE }])
  expect(await states()).toEqual(['signing', 'waiting'])
  house.clock.advance(PUBLISHED_BEFORE_USE)
  expect(await states()).toEqual(['retired', 'signing'])
})

test('while a key waits no further one is made, and the refusal says how to go on', async () => {
  const keyId = await next()
  const { code } = await refusal(rotateKeys(house, {}, policy))
  expect(code).toBe('key_waits')
  expect(await ids()).toHaveLength(2)
  house.clock.advance(PUBLISHED_BEFORE_USE)
  expect((await next()) === keyId).toBe(false)
  expect(await ids()).toHaveLength(3)
})

describe('at once', () => {
  test('brings the key forward that waits: verifiers may know it already', async () => {
    const keyId = await next()
    house.clock.advance(3600)
    const { keys } = await rotateKeys(house, { atOnce: true }, policy)
    expect(keys).toMatchObject([{ keyId, activeAt: house.clock.now() + SEEN_BY_ALL_NODES }])
    expect(await ids()).toHaveLength(2)
    house.clock.advance(SEEN_BY_ALL_NODES - 1)
    expect(await states()).toEqual(['signing', 'waiting'])
    house.clock.advance(1)
    expect(await states()).toEqual(['retired', 'signing'])
  })

  test('makes one that all nodes see before it signs, where none waits', async () => {
    await rotateKeys(house, { atOnce: true }, policy)
    expect(await states()).toEqual(['signing', 'waiting'])
    house.clock.advance(SEEN_BY_ALL_NODES)
    expect(await states()).toEqual(['retired', 'signing'])
  })
})

test('postpone: the key waits longer, and the present one signs until then', async () => {
  const keyId = await next()
  const planned = house.clock.now() + PUBLISHED_BEFORE_USE
  expect(await postponeKey(house, keyId, 7200, policy)).toMatchObject({ keyId, activeAt: planned + 7200 })
  house.clock.advance(PUBLISHED_BEFORE_USE + 7199)
  expect(await states()).toEqual(['signing', 'waiting'])
  house.clock.advance(1)
  expect(await states()).toEqual(['retired', 'signing'])
  expect((await refusal(postponeKey(house, keyId, 7200, policy))).code).toBe('key_in_use')
  expect(await states()).toEqual(['retired', 'signing'])
})

test('undo: the key is gone, the present one goes on; not any more when it may have signed', async () => {
  const [first] = await ids()
  const keyId = await next()
  await undoKey(house, keyId, policy)
  expect(await listKeys(house)).toMatchObject([{ keyId: first, state: 'signing', retiredAt: null }])
  expect(await events()).toContain('key_undone')
  expect((await refusal(undoKey(house, keyId, policy))).code).toBe('key_not_found')

  const later = await next()
  house.clock.advance(PUBLISHED_BEFORE_USE - SEEN_BY_ALL_NODES)
  expect((await refusal(undoKey(house, later, policy))).code).toBe('key_in_use')
  house.clock.advance(SEEN_BY_ALL_NODES)
  expect((await refusal(undoKey(house, later, policy))).code).toBe('key_in_use')
  expect(await states()).toEqual(['retired', 'signing'])
})

describe('a key is ended', () => {
  test('retire: it signs no more, its successor does; what it signed stays good', async () => {
    const [first = ''] = await ids()
    const { ended, successor } = await endKey(house, first, { revoke: false }, policy)
    expect(ended).toMatchObject({ retiredAt: house.clock.now() + SEEN_BY_ALL_NODES, revokedAt: null })
    expect(successor).toMatchObject({ activeAt: house.clock.now() + SEEN_BY_ALL_NODES })
    house.clock.advance(SEEN_BY_ALL_NODES)
    expect(await states()).toEqual(['retired', 'signing'])
  })

  test('revoke: the key that waits takes over at the same instant', async () => {
    const [first = ''] = await ids()
    const keyId = await next()
    const at = house.clock.now() + SEEN_BY_ALL_NODES
    const { ended, successor } = await endKey(house, first, { revoke: true }, policy)
    expect(ended).toMatchObject({ retiredAt: at, revokedAt: at })
    expect(successor).toMatchObject({ keyId, activeAt: at })
    house.clock.advance(SEEN_BY_ALL_NODES)
    expect(await states()).toEqual(['revoked', 'signing'])
    expect(await events()).toContain('key_revoked')
  })

  test('revoke: one that is retired already is given up now', async () => {
    const [first = ''] = await ids()
    await next()
    house.clock.advance(PUBLISHED_BEFORE_USE)
    const { successor } = await endKey(house, first, { revoke: true }, policy)
    expect(successor).toBeNull()
    expect(await states()).toEqual(['revoked', 'signing'])
  })

  test('a key that has not signed is taken back instead; an unknown one is not found', async () => {
    const keyId = await next()
    expect((await refusal(endKey(house, keyId, { revoke: true }, policy))).code).toBe('key_unused')
    expect((await refusal(endKey(house, 'no-such', { revoke: true }, policy))).code).toBe('key_not_found')
    expect(await states()).toEqual(['signing', 'waiting'])
  })

  test('one of an algorithm that is off needs no successor', async () => {
    const [first = ''] = await ids()
    const other = keyPolicy({ algorithms: ['RS256'], publishAhead: PUBLISHED_BEFORE_USE }, house.master)
    expect((await endKey(house, first, { revoke: false }, other)).successor).toBeNull()
    house.clock.advance(SEEN_BY_ALL_NODES)
    expect(await states()).toEqual(['retired'])
  })
})

test('of two commands that make the next key at one moment, one is refused and nothing is made twice', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => rotateKeys(house, {}, policy)))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await states()).toEqual(['signing', 'waiting'])
})
