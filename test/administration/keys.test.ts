// Rotation of signing keys by the operator: published before it signs, or at once when asked.

import { expect, test } from 'vitest'
import { listKeys, type MakeSuccessor, rotateKeys } from '../../src/administration/keys.ts'
import { PUBLISHED_BEFORE_USE, planSuccessor } from '../../src/issuer/keys/key-ring.ts'
import { createSigningKey } from '../../src/issuer/keys/signing.ts'
import { openInstallation } from './installation.ts'

test('a new key waits until verifiers have seen it, then takes over; at once when it must', async () => {
  const house = await openInstallation()
  const make: MakeSuccessor = async (keys, algorithm, now, options) => {
    const { activeAt, retire } = planSuccessor(keys, algorithm, now, options)
    return { key: await createSigningKey(algorithm, now, activeAt, house.master), retire }
  }
  const states = async () => (await listKeys(house)).map(({ state }) => state)
  await rotateKeys(house, { algorithms: ['ES256'] }, make)
  expect(await states()).toEqual(['signing'])
  house.clock.advance(1)
  const [next] = await rotateKeys(house, {}, make)
  expect(next).toMatchObject({
    algorithm: 'ES256',
    state: 'waiting',
    activeAt: house.clock.now() + PUBLISHED_BEFORE_USE,
  })
  expect(await states()).toEqual(['signing', 'waiting'])
  house.clock.advance(PUBLISHED_BEFORE_USE)
  expect(await states()).toEqual(['retired', 'signing'])
  house.clock.advance(1)
  await rotateKeys(house, { atOnce: true }, make)
  expect(await states()).toEqual(['retired', 'retired', 'signing'])
  await house.close()
})
