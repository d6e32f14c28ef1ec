// Who has fetched the signing keys: by the addresses that clients have had tokens from, and no more than is known.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitForClients } from '../../src/administration/key-patience.ts'
import { createKeySightings, listClientSights } from '../../src/administration/key-sightings.ts'
import { listKeys, rotateKeys } from '../../src/administration/keys.ts'
import { sha256 } from '../../src/credentials/digest.ts'
import type { RequestRecord } from '../../src/http/routing/router.ts'
import { keyPolicy } from '../../src/issuer/keys/key-policy.ts'
import { SEEN_BY_ALL_NODES } from '../../src/issuer/keys/rotation.ts'
import { silentLog } from '../../src/platform/log.ts'
import { addressesOf } from '../../src/protocol/addresses.ts'
import { startServer, type TestServer } from '../support/server.ts'

const DAY = 86_400

describe.each(['sqlite', 'postgres'] as const)('on %s', (database) => {
  let host: TestServer

  beforeAll(async () => {
    host = await startServer({ database })
    const signed = { id_token_signed_response_alg: 'ES256' }
    await host.addClient('server', 'openid-connect', { client_name: 'Server', ...signed })
    await host.addClient('other', 'openid-connect', signed)
    await host.addClient('rsa', 'openid-connect', { id_token_signed_response_alg: 'RS256' })
    await host.addClient('api', 'openid-connect', { servesResources: ['https://api.test'] })
    await host.addClient('quiet', 'openid-connect')
    await host.addClient('page', 'spa')
  })
  afterAll(() => host.close())

  /** What the router would have handed over. */
  const seen = (path: string, address: string, clientId?: string, origins: readonly string[] = []): RequestRecord => {
    const peer = { address, secure: true, host: 'sso.test' }
    const outcome = { rule: 'token_issued', clause: '', reason: '', ...(clientId !== undefined && { clientId }) }
    const route = { path, methods: ['GET' as const], kind: 'machine' as const, endpoint: async () => reply }
    const reply = { status: 200, headers: {}, body: '', origins, outcome }
    const request = { method: 'GET', path, query: '', headers: {}, body: new Uint8Array(), peer }
    return { request, route, reply, outcome, traceId: undefined, elapsed: 1 }
  }
  const { path } = addressesOf('https://sso.test', '/sso')
  const recorder = () => createKeySightings({ store: host.server.parts.store, clock: host.clock, digest: sha256, path })
  const waiting = async () =>
    (await listKeys({ store: host.server.parts.store, clock: host.clock })).filter(({ state }) => state === 'waiting')
  const sights = async () => {
    const listed = await listClientSights(host.server.parts.store, await waiting(), SEEN_BY_ALL_NODES)
    return Object.fromEntries(listed.map((each) => [each.clientId, each]))
  }

  test('a fetch counts for the client whose tokens go to the same address, in either order, on any node', async () => {
    const [one, two] = [recorder(), recorder()]
    const now = host.clock.now()
    one.record(seen(path.jwks, '192.0.2.1'))
    two.record(seen(path.token, '192.0.2.1', 'server'))
    two.record(seen(path.token, '192.0.2.2', 'other'))
    // Somebody's browser.
    two.record(seen(path.token, '192.0.2.3', 'page', ['https://page.test']))
    two.record(seen(path.jwks, '192.0.2.3'))
    await Promise.all([one.flush(), two.flush()])
    expect(await sights()).toMatchObject({
      server: { sight: 'fetched', fetchedAt: now, clientName: 'Server', missing: [] },
      other: { sight: 'unseen', fetchedAt: null },
      quiet: { sight: 'unused', fetchedAt: null },
      page: { sight: 'devices', fetchedAt: null },
    })
    host.clock.advance(100)
    one.record(seen(path.jwks, '192.0.2.2'))
    await one.flush()
    expect((await sights())['other']).toMatchObject({ sight: 'fetched', fetchedAt: now + 100 })
  })

  test('what was refused counts for nobody', async () => {
    const one = recorder()
    const entry = seen(path.token, '192.0.2.9', 'quiet')
    one.record({ ...entry, reply: { ...entry.reply, status: 401 } })
    await one.flush()
    expect((await sights())['quiet']).toMatchObject({ sight: 'unused' })
  })

  test('who has not fetched since a key was published is named, until it has; and a key may wait for it', async () => {
    const { store, master, log } = { ...host.server.parts, log: silentLog }
    const parts = { store, clock: host.clock, log }
    const policy = keyPolicy({ algorithms: ['ES256'], publishAhead: DAY }, master)
    const both = recorder()
    both.record(seen(path.jwks, '192.0.2.5'))
    both.record(seen(path.token, '192.0.2.5', 'rsa'))
    both.record(seen(path.token, '192.0.2.5', 'api'))
    await both.flush()
    const { keys } = await rotateKeys(parts, {}, policy)
    const next = keys[0]?.keyId ?? ''
    const planned = keys[0]?.activeAt ?? 0
    expect(await sights()).toMatchObject({ server: { missing: [next] }, quiet: { missing: [] }, page: { missing: [] } })
    // Nothing is signed so for the one; what the other verifies may be signed any way.
    expect(await sights()).toMatchObject({ rsa: { sight: 'fetched', missing: [] }, api: { missing: [next] } })
    const one = recorder()
    host.clock.advance(SEEN_BY_ALL_NODES + 60)
    one.record(seen(path.jwks, '192.0.2.2'))
    await one.flush()
    expect(await sights()).toMatchObject({ server: { missing: [next] }, other: { missing: [] } })

    host.clock.advance(planned - host.clock.now() - 200)
    const patience = { publishAhead: DAY, seenByAllNodes: SEEN_BY_ALL_NODES }
    const activeAt = async () => (await waiting()).find(({ keyId }) => keyId === next)?.activeAt
    await waitForClients(parts, { ...patience, longest: 0 })
    expect(await activeAt()).toBe(planned)
    await waitForClients(parts, { ...patience, longest: 5_000 })
    expect(await activeAt()).toBe(planned + 3_600)
    host.clock.advance(3_600)
    await waitForClients(parts, { ...patience, longest: 5_000 })
    expect(await activeAt()).toBe(planned + 5_000)
    // Not for ever.
    host.clock.advance(1_400)
    await waitForClients(parts, { ...patience, longest: 5_000 })
    expect(await activeAt()).toBe(planned + 5_000)
    one.record(seen(path.jwks, '192.0.2.1'))
    one.record(seen(path.jwks, '192.0.2.5'))
    await one.flush()
    expect((await sights())['server']?.missing).toEqual([])
    await waitForClients(parts, { ...patience, longest: 50_000 })
    expect(await activeAt()).toBe(planned + 5_000)
  })

  test('a flood of addresses pushes out strangers, and never what is known of a client', async () => {
    const one = recorder()
    for (let at = 0; at < 20_000; at++) one.record(seen(path.jwks, `2001:db8::${at.toString(16)}`))
    await one.flush()
    host.clock.advance(601)
    await one.flush()
    expect((await sights())['server']).toMatchObject({ sight: 'fetched' })
    host.clock.advance(31 * DAY)
    await one.flush()
    expect(await sights()).toMatchObject({ server: { sight: 'unused' }, other: { sight: 'unused' } })
  })
})
