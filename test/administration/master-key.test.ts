// A replacement of the master key that breaks off at any step, on both stores: nothing is lost, and the next run ends it.

import { describe, expect, test } from 'vitest'
import { ReplacementOvertaken, replaceMasterKey, replacementState } from '../../src/administration/master-key.ts'
import { openByKey } from '../../src/composition/installation.ts'
import { digestClientSecret, sealClientSecret, unsealClientSecret } from '../../src/credentials/client-secret.ts'
import { keyCheck, type MasterKey, masterKeyFrom } from '../../src/credentials/master-key.ts'
import { withCarriedKeys } from '../../src/credentials/replaced-master-key.ts'
import { resealedDecryptionKeys } from '../../src/issuer/keys/decryption-keys.ts'
import { createSigningKey, openSigningKey, resealSigningKey } from '../../src/issuer/keys/signing.ts'
import type { Client } from '../../src/model/client/client.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { type Driver, StoreUnavailable } from '../../src/store/database/driver.ts'
import { openPostgres } from '../../src/store/database/postgres/postgres-driver.ts'
import { openSqlite } from '../../src/store/database/sqlite/sqlite-driver.ts'
import { migrate } from '../../src/store/schema/migrate.ts'
import { migrations } from '../../src/store/schema/migrations/index.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import type { NewRegistration, RegistrationChange } from '../../src/store/verbs/registrations.ts'
import { clientNamed } from '../store/records.ts'
import { freshDatabase } from '../support/postgres.ts'

const clock = systemClock()
const keys = { former: masterKeyFrom(new Uint8Array(32).fill(1)), next: masterKeyFrom(new Uint8Array(32).fill(2)) }
const third = masterKeyFrom(new Uint8Array(32).fill(3))
/** More than one transaction's. */
const CLIENTS = 130

const LIMITS = { since: 0, mostOfAddress: 100, mostOpen: 100 }
const registration = (client: Client, secret: NewRegistration['secret']): NewRegistration => ({
  client,
  secret,
  logo: null,
  tokenHash: Buffer.from(client.client_id),
  policy: {},
  softwareStatement: null,
  initialTokenId: null,
  address: '192.0.2.1',
})

const changeOf = (client: Client, secret: NewRegistration['secret']): RegistrationChange => ({
  client,
  version: 1,
  formerTokenHash: Buffer.from(client.client_id),
  tokenHash: Buffer.from(client.client_id),
  softwareStatement: null,
  secret,
  killIssued: false,
  forgetConsents: false,
})

class Broken extends Error {}

/** The store whose `at`-th verb, counted from now, fails; null: none does. */
function breaking(store: Store, at: number | null) {
  let calls = 0
  const broken = new Proxy(store, {
    get(target, name) {
      const verb: unknown = Reflect.get(target, name)
      if (typeof verb !== 'function') return verb
      return (...args: unknown[]) => {
        if (++calls === at) return Promise.reject(new Broken())
        return Reflect.apply(verb, target, args) as unknown
      }
    },
  })
  return { store: broken, calls: () => calls }
}

async function filled(driver: Driver): Promise<Store> {
  await migrate(driver, migrations, { clock })
  const store = createStore(driver)
  await store.putFactOnce('key_check', keyCheck(keys.former))
  const event = { type: 'client_added', at: clock.now() } as const
  for (let at = 0; at < CLIENTS; at++) {
    const client = clientNamed(`client-${at}`)
    const hash = digestClientSecret(keys.former, `secret-${at}`)
    await store.addClient(client, hash, event, sealClientSecret(keys.former, client.client_id, `secret-${at}`))
  }
  const signing = await createSigningKey(
    { algorithm: 'ES256', turn: 1, activeAt: clock.now() },
    clock.now(),
    keys.former,
  )
  await store.addSigningKey(signing, [], { type: 'key_added', at: clock.now() })
  return store
}

const run = (store: Store, placed: string[] = []) =>
  replaceMasterKey(keys, {
    store,
    clock,
    issuer: { resealSigningKey, resealedFacts: resealedDecryptionKeys },
    untilNoticed: async () => undefined,
    putInPlace: () => void placed.push('next'),
    progress: () => undefined,
  })

async function expectReplaced(store: Store): Promise<void> {
  expect(await store.findFact('key_check')).toBe(keyCheck(keys.next))
  const master = withCarriedKeys(keys.next, await store.findFact('carried_keys'))
  const clients = await store.listClients()
  expect(clients).toHaveLength(CLIENTS)
  for (const { client, sealedSecret, secretHash } of clients) {
    const secret = client.client_id.replace('client', 'secret')
    expect(unsealClientSecret(master, client.client_id, sealedSecret ?? new Uint8Array())).toBe(secret)
    expect(Buffer.from(secretHash ?? [])).toEqual(Buffer.from(digestClientSecret(master, secret)))
  }
  for (const key of await store.listSigningKeys()) expect(() => openSigningKey(key, master)).not.toThrow()
  const events = await store.listEvents(1_000)
  expect(events.filter(({ type }) => type === 'master_key_replaced')).toHaveLength(1)
}

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  async function withStore(work: (store: Store) => Promise<void>): Promise<void> {
    const database = dialect === 'postgres' ? await freshDatabase() : null
    const driver =
      database === null ? await openSqlite({ file: ':memory:' }) : await openPostgres({ url: database.url })
    try {
      await work(await filled(driver))
    } finally {
      await driver.close()
      await database?.drop()
    }
  }

  test('what breaks off at any step goes on at the next run, and no key fits in between', {
    timeout: 120_000,
  }, async () => {
    let steps = 0
    await withStore(async (store) => {
      const whole = breaking(store, null)
      expect(await run(whole.store)).toEqual({ clientSecrets: CLIENTS, signingKeys: 1 })
      await expectReplaced(store)
      steps = whole.calls()
    })
    expect(steps).toBeGreaterThan(8)
    for (let at = 1; at <= steps; at++) {
      await withStore(async (store) => {
        const placed: string[] = []
        await expect(run(breaking(store, at).store, placed)).rejects.toThrow(Broken)
        const state = replacementState(await store.findFact('key_check'), keys)
        expect(['not_begun', 'begun']).toContain(state)
        if (placed.length > 0) expect(state).toBe('begun')
        await run(store)
        await expectReplaced(store)
      })
    }
  })

  test('who stood still meanwhile writes nothing sealed by the former key afterwards', async () => {
    await withStore(async (store) => {
      const event = { type: 'client_added', at: clock.now() } as const
      /** Each way to write what is sealed, by a process that has this key. */
      const writes = async (of: Store, key: MasterKey, name: string) => {
        const signing = await createSigningKey(
          { algorithm: 'EdDSA', turn: name.length, activeAt: clock.now() },
          clock.now(),
          key,
        )
        const sealed = (clientId: string) => sealClientSecret(key, clientId, 'a secret')
        const client = clientNamed(name)
        const registered = clientNamed(`${name}-registered`)
        const secret = { hash: null, sealed: sealed(registered.client_id) }
        return [
          () => of.addClient(client, null, event, sealed(name)),
          () => of.setClientSecret('client-1', null, event, sealed('client-1')),
          () => of.addSigningKey(signing, [], { type: 'key_added', at: clock.now() }),
          () => of.addRegistration(registration(registered, secret), LIMITS, event),
          () => of.updateRegistration(changeOf(registered, secret), event),
          () => of.putFact('decryption_key_rsa', '[]'),
        ] as const
      }
      const late = createStore(store.driver)
      await openByKey(late, keys.former)
      for (const write of await writes(late, keys.former, 'early')) await write()
      await run(store)
      const [before, keysBefore] = [await store.listClients(), await store.listSigningKeys()]
      for (const write of await writes(late, keys.former, 'too-late')) {
        await expect(write()).rejects.toThrow(StoreUnavailable)
      }
      expect(await store.listClients()).toEqual(before)
      expect(await store.listSigningKeys()).toEqual(keysBefore)
      const now = createStore(store.driver)
      await openByKey(now, keys.next)
      for (const write of await writes(now, keys.next, 'afterwards')) await write()
      expect(await now.findClient('afterwards')).not.toBeNull()
    })
  })

  test('another replacement, or another key, is not disturbed', async () => {
    await withStore(async (store) => {
      await store.putFact('key_check', keyCheck(third))
      expect(replacementState(keyCheck(third), keys)).toBe('foreign')
      await expect(run(store)).rejects.toThrow(ReplacementOvertaken)
      expect(await store.findFact('key_check')).toBe(keyCheck(third))
      const [first] = await store.listSealedSecrets('', 1)
      expect(unsealClientSecret(keys.former, first?.clientId ?? '', first?.sealed ?? new Uint8Array())).toMatch(
        /^secret-/,
      )
    })
  })
})

test('keys that are carried are carried again', async () => {
  const driver = await openSqlite({ file: ':memory:' })
  const store = await filled(driver)
  await run(store)
  await replaceMasterKey(
    { former: keys.next, next: third },
    {
      store,
      clock,
      issuer: { resealSigningKey, resealedFacts: resealedDecryptionKeys },
      untilNoticed: async () => undefined,
      putInPlace: () => undefined,
      progress: () => undefined,
    },
  )
  const master = withCarriedKeys(third, await store.findFact('carried_keys'))
  for (const label of ['client-secret', 'subject', 'session-identifier', 'refresh-successor'] as const) {
    expect(master.key(label).export()).toEqual(keys.former.key(label).export())
  }
  // Nothing else is: what the former key alone opens is worth nothing here.
  for (const label of ['seal', 'csrf', 'device', 'refresh-token', 'key-check'] as const) {
    expect(master.key(label).export()).toEqual(third.key(label).export())
  }
  await driver.close()
})
