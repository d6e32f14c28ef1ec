// The server that `npm run conformance:target` starts, asked as the suite asks it: behind a proxy that speaks https.

import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { suiteAddress, WrongVariable } from '../../conformance/facts.ts'
import { publishNewKeys } from '../../conformance/target/new-keys.ts'
import { startTarget, type Target } from '../../conformance/target/start.ts'
import { getClient } from '../../src/administration/clients.ts'
import { claimsOfScope, STANDARD_SCOPES } from '../../src/claims/standard-claims.ts'
import { userClaims } from '../../src/claims/user-claims.ts'
import { Visitor } from '../support/visitor.ts'

const ISSUER = 'https://lingpai.test:9445'
const SUITE = 'https://suite.test:8443'
const PROXY = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'lingpai.test:9445', 'x-forwarded-for': '127.0.0.1' }

let target: Target
const at = (path: string) => `http://127.0.0.1:${target.port}${path}`

beforeAll(async () => {
  target = await startTarget({
    CONFORMANCE_ISSUER: `${ISSUER}/`,
    CONFORMANCE_SUITE: SUITE,
    CONFORMANCE_ALIAS: 'house',
    CONFORMANCE_ALIAS3: 'third',
    CONFORMANCE_PORT: '0',
  })
})

afterAll(async () => {
  await target.close()
  expect(existsSync(target.data)).toBe(false)
})

async function authorize(client: string, redirectUri: string) {
  const query = new URLSearchParams({
    response_type: 'code',
    scope: 'openid',
    client_id: client,
    redirect_uri: redirectUri,
    state: 's',
  })
  return new Visitor().get(at(`/sso/authorize?${query.toString()}`), { headers: PROXY })
}

test('calls itself by the issuer that was asked for', async () => {
  const metadata = await (await fetch(at('/.well-known/openid-configuration'), { headers: PROXY })).json()
  expect(metadata).toMatchObject({ issuer: ISSUER, token_endpoint: `${ISSUER}/sso/token` })
})

describe('the static clients', () => {
  test.each(['first', 'second', 'post', 'backchannel', 'frontchannel'])(
    '%s may come back under every alias',
    async (client) => {
      expect(target.facts.aliases).toEqual(['house', 'house2', 'third', 'house4'])
      for (const alias of target.facts.aliases) {
        const page = await authorize(client, suiteAddress(SUITE, alias, 'callback'))
        expect(page.location, `${page.status} ${page.html}`).toContain('/sso/sign-in/')
      }
    },
  )

  test('come back nowhere else, and the second one also to an address with a query', async () => {
    const queried = `${suiteAddress(SUITE, 'house', 'callback')}?dummy1=lorem&dummy2=ipsum`
    expect((await authorize('first', suiteAddress(SUITE, 'foreign', 'callback'))).status).toBe(400)
    expect((await authorize('first', queried)).status).toBe(400)
    expect((await authorize('second', queried)).location).toContain('/sso/sign-in/')
  })

  test('that are told of a sign-out are told at the first alias, and no others are told at all', async () => {
    const urisOf = async (name: string) => {
      const { client } = await getClient(target.server.parts.store, name)
      return [client.backchannel_logout_uri, client.frontchannel_logout_uri]
    }
    expect(await urisOf('backchannel')).toEqual([suiteAddress(SUITE, 'house', 'backchannel_logout'), null])
    expect(await urisOf('frontchannel')).toEqual([null, suiteAddress(SUITE, 'house', 'frontchannel_logout')])
    for (const client of ['first', 'second', 'post']) expect(await urisOf(client)).toEqual([null, null])
  })

  test('prove themselves with the secrets of the facts', async () => {
    const { client_id, client_secret } = target.facts.clients.post
    const ask = async (secret: string) => {
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        code: 'A'.repeat(43),
        redirect_uri: suiteAddress(SUITE, 'house', 'callback'),
        client_id,
        client_secret: secret,
      })
      return (await fetch(at('/sso/token'), { method: 'POST', headers: PROXY, body })).json()
    }
    expect(await ask(client_secret)).toMatchObject({ error: 'invalid_grant' })
    expect(await ask('conformance-secret-of-nobody-at-all-here')).toMatchObject({ error: 'invalid_client' })
  })
})

test('new keys are published beside the running server as often as wanted, and sign later', async () => {
  const published = async () => {
    await target.server.parts.keys.refresh()
    const { keys } = (await (await fetch(at('/sso/jwks'), { headers: PROXY })).json()) as { keys: { kid: string }[] }
    return keys.map(({ kid }) => kid)
  }
  const before = await published()
  const { keyId } = target.server.parts.keys.signer('ES256')
  const [first, second] = [await publishNewKeys(target.data), await publishNewKeys(target.data)]
  const added = [...first, ...second].map((key) => key.keyId)
  expect(new Set(added).size).toBe(4)
  expect((await published()).toSorted()).toEqual([...before, ...added].toSorted())
  expect(target.server.parts.keys.signer('ES256').keyId).toBe(keyId)
})

test('the person has every standard claim', async () => {
  const user = await target.server.parts.store.findUserByUsername(target.facts.user.username)
  if (user === null) throw new Error('nobody is there')
  const all = STANDARD_SCOPES.flatMap((scope) => claimsOfScope(scope).map(({ name }) => name))
  const { client } = await getClient(target.server.parts.store, 'first')
  const claims = userClaims(user, client, STANDARD_SCOPES)
  expect(Object.keys(claims).toSorted()).toEqual(['sub', ...all].toSorted())
})

test.each([
  ['no issuer', { CONFORMANCE_ISSUER: '' }, 'CONFORMANCE_ISSUER is missing'],
  ['an issuer without TLS', { CONFORMANCE_ISSUER: 'http://lingpai.test' }, 'must be an https:// address'],
  ['a certificate without its key', { CONFORMANCE_TLS_CERT: 'cert.pem' }, 'go together'],
  ['an alias that is no path segment', { CONFORMANCE_ALIAS2: 'a/b' }, 'must be 1 to 64 letters'],
  ['an alias twice', { CONFORMANCE_ALIAS2: 'lingpai' }, 'another one'],
  ['a port that is none', { CONFORMANCE_PORT: '70000' }, 'must be a port'],
])('%s is refused with the name of what is wrong', async (_, variables, message) => {
  const given = { CONFORMANCE_ISSUER: ISSUER, CONFORMANCE_PORT: '0', ...variables }
  const started = startTarget(given)
  await expect(started).rejects.toThrow(WrongVariable)
  await expect(started).rejects.toThrow(message)
})
