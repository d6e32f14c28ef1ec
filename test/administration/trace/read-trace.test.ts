// Reading traces: by number, in order, the latest at each endpoint of the contract, and as lines for a terminal.

import { describe, expect, test } from 'vitest'
import { presetNamed } from '../../../src/administration/presets/index.ts'
import { findTrace, latestByEndpoint, listTraces } from '../../../src/administration/trace/read-trace.ts'
import { absentClaims, renderTrace } from '../../../src/administration/trace/render-trace.ts'
import { json } from '../../../src/http/reply/replies.ts'
import { flattenSettings, parseClient } from '../../../src/model/client/settings.ts'
import { startServer } from '../../support/server.ts'
import { CLIENT, entryOf, form, START, startRecorder } from './builders.ts'

const ours = { clientId: CLIENT }

describe('findTrace', () => {
  test('finds a record by the number that the person was shown, blanks around it or not', async () => {
    const { recorder, store } = await startRecorder()
    recorder.record(entryOf({ traceId: 'tr_shown', outcome: { rule: 'user_refused', ...ours } }))
    await recorder.flush()
    expect(await findTrace(store, ' tr_shown\n')).toMatchObject({ traceId: 'tr_shown', rule: 'user_refused', ...ours })
    expect(await findTrace(store, 'tr_other')).toBeNull()
    await recorder.stop()
  })

  test('takes a record that it cannot read for none', async () => {
    const { recorder, store } = await startRecorder()
    const row = { at: START, clientId: CLIENT, endpoint: 'token', outcome: 'token_issued' }
    await store.writeTraces(
      ['{', '[]', '"x"', '{"time":1}'].map((record, at) => ({ ...row, traceId: `tr_${at}`, record })),
    )
    const least = JSON.stringify({ time: START, endpoint: 'token', rule: 'token_issued' })
    await store.writeTraces([{ ...row, traceId: 'tr_least', record: least }])
    expect((await listTraces(store, { most: 10 })).map(({ traceId }) => traceId)).toEqual(['tr_least'])
    expect(await findTrace(store, 'tr_0')).toBeNull()
    await recorder.stop()
  })
})

describe('latestByEndpoint', () => {
  test('is null where nothing has come', async () => {
    const { recorder, store } = await startRecorder()
    expect(await latestByEndpoint(store, CLIENT)).toEqual({ authorize: null, token: null, userinfo: null })
    await recorder.stop()
  })

  test('tells two requests of one second apart: the later one counts', async () => {
    const { recorder, store } = await startRecorder()
    for (let round = 0; round < 8; round++) {
      recorder.record(entryOf({ outcome: { rule: 'client_secret_wrong', ...ours } }))
      recorder.record(entryOf({ outcome: { rule: 'token_issued', ...ours } }))
      await recorder.flush()
      expect((await latestByEndpoint(store, CLIENT)).token?.rule).toBe('token_issued')
    }
    await recorder.stop()
  })

  test('takes the answer that a page of the journey gives for that of the authorization request', async () => {
    const { recorder, store, clock } = await startRecorder()
    const seen = async () => {
      await recorder.flush()
      clock.advance(1)
      return (await latestByEndpoint(store, CLIENT)).authorize?.rule
    }
    recorder.record(entryOf({ route: 'authorize', outcome: { rule: 'person_needed', ...ours } }))
    expect(await seen()).toBe('person_needed')
    recorder.record(entryOf({ route: 'sign-in', outcome: { rule: 'password_wrong', ...ours } }))
    expect(await seen()).toBe('person_needed')
    const redirect = { status: 303, headers: {}, body: '' }
    recorder.record(entryOf({ route: 'consent', outcome: { rule: 'user_refused', ...ours }, reply: redirect }))
    expect(await seen()).toBe('user_refused')
    recorder.record(entryOf({ route: 'consent', outcome: { rule: 'code_issued', ...ours }, reply: redirect }))
    expect(await seen()).toBe('code_issued')
    await recorder.stop()
  })

  test('finds a rare endpoint behind hundreds of records of a busy one', async () => {
    const { recorder, store, clock } = await startRecorder()
    recorder.record(entryOf({ route: 'authorize', outcome: { rule: 'code_issued', ...ours } }))
    for (let minute = 0; minute < 10; minute++) {
      clock.advance(60)
      for (let count = 0; count < 20; count++) recorder.record(entryOf({ outcome: ours }))
      await recorder.flush()
    }
    const latest = await latestByEndpoint(store, CLIENT)
    expect(latest).toMatchObject({
      authorize: { rule: 'code_issued' },
      token: { rule: 'token_issued' },
      userinfo: null,
    })
    await recorder.stop()
  })
})

describe('renderTrace', () => {
  test('says what came, what was decided and what to correct, in both languages', async () => {
    const { recorder, store } = await startRecorder()
    const parts = {
      ...form({ client_id: 'nobody-at-all', grant_type: 'authorization_code', code: 'x' }),
      reply: json(401, {}),
    }
    recorder.record(
      entryOf({
        ...parts,
        traceId: 'tr_a',
        outcome: { rule: 'client_unknown', reason: 'no client has this client_id' },
      }),
    )
    for (let count = 0; count < 1240; count++)
      recorder.record(entryOf({ ...parts, outcome: { rule: 'client_unknown' } }))
    await recorder.flush()
    const trace = await findTrace(store, 'tr_a')
    if (trace === null) throw new Error('nothing was recorded')
    const english = renderTrace(trace, 'en')
    expect(english.split('\n').slice(0, 4)).toEqual([
      'Trace         tr_a',
      'Time          2027-01-15 08:00:00 UTC',
      'Client        nob… (13 characters): not one of ours',
      'Request       POST token → 401, 1.2 ms',
    ])
    expect(english).toContain('In the body   client_id, grant_type=authorization_code, code')
    expect(english).toMatch(/^Refused +client_unknown \(RFC 6749 §5\.1\)$/m)
    expect(english).toContain('Copy ClientId again')
    const chinese = renderTrace(trace, 'zh-CN')
    expect(chinese).toContain('如何处理')
    expect(chinese).toContain('重新复制 ClientId')
    const [newest] = await listTraces(store, { most: 1 })
    expect(newest && renderTrace(newest, 'en')).toContain('and 1,221 more like this in this minute')
    await recorder.stop()
  })

  test('names the claims that a client was not given, which is why some turn people away', async () => {
    const { recorder, store } = await startRecorder()
    const reply = json(200, { sub: 'u', name: '张三', phone_number: '13800138000', phone_number_verified: true })
    const outcome = { rule: 'user_info_answered', ...ours, observed: { scope: 'openid profile email' } }
    recorder.record(entryOf({ route: 'userinfo', reply, outcome, traceId: 'tr_a' }))
    await recorder.flush()
    const trace = await findTrace(store, 'tr_a')
    if (trace === null) throw new Error('nothing was recorded')
    const redirects = { redirect_uris: ['https://client.test/callback'], client_name: 'x' }
    const standard = parseClient(redirects, { client_id: CLIENT, preset: 'openid-connect' })
    expect(absentClaims(trace, standard)).toEqual(['email', 'email_verified'])
    expect(renderTrace(trace, 'en', { client: standard })).toContain('it may have email, email_verified too, but')
    // Beyond the scope that was granted, nothing is missing.
    expect(absentClaims({ ...trace, observed: { scope: 'openid phone' } }, standard)).toEqual([])
    // 制作云 never gets an e-mail address, whatever the scope.
    const { settings } = presetNamed('zhizuoyun')
    const zhizuoyun = parseClient(
      { ...redirects, ...flattenSettings(settings) },
      { client_id: CLIENT, preset: 'zhizuoyun' },
    )
    expect(absentClaims(trace, zhizuoyun)).toEqual([])
    expect(renderTrace(trace, 'en', { client: zhizuoyun })).not.toContain('turns this person away')
    const nameless = { ...trace, members: ['sub', 'user_id'] }
    expect(absentClaims(nameless, zhizuoyun)).toEqual(['name', 'phone_number', 'phone_number_verified'])
    expect(absentClaims(nameless, null)).toEqual([])
    expect(JSON.stringify(trace)).not.toMatch(/张三|13800138000/)
    expect(absentClaims({ ...trace, rule: 'access_token_expired' }, standard)).toEqual([])
    await recorder.stop()
  })
})

describe.each(['sqlite', 'postgres'] as const)('a running server on %s', (database) => {
  test('leaves a trace of a wrong redirect URI, a wrong secret and a broken token, each with its rule', async () => {
    const running = await startServer({ database })
    const { issuer, server, clock } = running
    await running.addClient('grafana')
    const callback = encodeURIComponent('https://client.test/callback/')
    const page = await fetch(`${issuer}/sso/authorize?response_type=code&client_id=grafana&redirect_uri=${callback}`)
    await fetch(`${issuer}/sso/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('grafana:notTheSecret')}` },
      body: new URLSearchParams({ grant_type: 'authorization_code', code: 'c0de' }),
    })
    await fetch(`${issuer}/sso/userinfo`, { headers: { authorization: 'Bearer tokenOfNobody' } })
    const { store } = server.parts
    await expect.poll(async () => (await listTraces(store, { most: 10 })).length, { timeout: 20_000 }).toBe(3)
    const latest = await latestByEndpoint(store, 'grafana')
    expect(latest.authorize).toMatchObject({ rule: 'redirect_uri_mismatch', traceId: page.headers.get('x-trace-id') })
    expect(latest.authorize?.reason).toContain('at character 29: `/` added')
    expect(latest.token).toMatchObject({ rule: 'client_secret_wrong', credentials: 'basic' })
    const all = await listTraces(store, { most: 10 })
    expect(all[0]).toMatchObject({ endpoint: 'userinfo', rule: 'access_token_unknown', credentials: 'bearer' })
    expect(JSON.stringify(all)).not.toMatch(/notTheSecret|c0de|tokenOfNobody/)
    await store.pruneTraces(clock.now() - 60, 10_000, 0)
    expect((await listTraces(store, { most: 10 })).map(({ endpoint }) => endpoint)).not.toContain('userinfo')
    await store.pruneTraces(clock.now() - 60, 1)
    expect(await listTraces(store, { most: 10 })).toHaveLength(1)
    await running.close()
  })
})
