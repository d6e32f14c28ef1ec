// Plays 制作云 against a composed server: what holds, what does not, and what the operator is told to do about it.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RehearsalReport, rehearse } from '../../../src/administration/rehearsal/index.ts'
import { play } from '../../../src/administration/rehearsal/play.ts'
import { scriptFor } from '../../../src/administration/rehearsal/script.ts'
import { badLines, type House, lineOf, openHouse, sentence } from './house.ts'

const CALLBACK = 'https://api.vs.tencent.com/Oauth/Login/Callback'
let house: House

function warningsOf({ warnings = [] }: RehearsalReport): readonly string[] {
  return warnings.map(sentence)
}

beforeEach(async () => {
  house = await openHouse()
  await house.addClient('tenant-a')
})
afterEach(() => house.server.close())

test('a person with a verified mainland phone passes every line', async () => {
  await house.addUser('alice')
  const report = await house.run('tenant-a', 'alice')
  expect(badLines(report)).toEqual([])
  expect(report.passed).toBe(true)
  expect(report).not.toHaveProperty('warnings')
  expect(report.exchanges.map(({ endpoint, status }) => [endpoint, status])).toEqual([
    ['authorize', 303],
    ['token', 200],
    ['userinfo', 200],
  ])
  expect(report.known).toEqual([
    { claim: 'sub', value: 'id-of-alice', kind: 'identifier' },
    { claim: 'user_id', value: 'id-of-alice', kind: 'identifier' },
    { claim: 'name', value: '张三', kind: 'name' },
    { claim: 'phone_number', value: '13800138000', kind: 'phone' },
    { claim: 'phone_number_verified', value: 'true', kind: 'phone', isVerification: true },
  ])
  for (const line of [
    'The browser returns to the registered callback, byte for byte',
    'state comes back unchanged',
    'A code is returned',
    'The code holds letters and digits only',
    'access_token is a string',
    'token_type is Bearer',
    'expires_in is a whole number',
    'A refresh_token is returned',
    'user_id is a string',
    'sub equals user_id',
    'name is a string',
    'phone_number is a mainland number of 11 digits',
    'phone_number_verified is the JSON boolean true',
    'The issuer is a public https address',
  ]) {
    expect(lineOf(report, line).state).toBe('ok')
  }
})

test("the authorization request is the guide's example, in its order and encoding", async () => {
  await house.addUser('alice')
  const { exchanges } = await house.run('tenant-a', 'alice')
  const [first] = exchanges[0]?.request.split('\n') ?? []
  expect(first).toBe(
    'GET /sso/authorize?response_type=code&scope=openid%20profile%20phone&client_id=tenant-a&state=anchor%3Dlivepush%26platform%3D1500004462&redirect_uri=https%3A%2F%2Fapi.vs.tencent.com%2FOauth%2FLogin%2FCallback HTTP/1.1',
  )
  expect(exchanges[0]?.reply).toMatch(
    /^location: https:\/\/api\.vs\.tencent\.com\/Oauth\/Login\/Callback\?code=[A-Za-z0-9]{4}…&state=anchor%3Dlivepush%26platform%3D1500004462$/m,
  )
  expect(exchanges[1]?.request).toMatch(/^authorization: Basic [A-Za-z0-9+/]{4}…$/m)
  expect(exchanges[2]?.request).toMatch(/^authorization: Bearer [A-Za-z0-9]{4}…$/m)
})

test('secrets are shown by their first four characters only', async () => {
  await house.addUser('alice')
  const report = await house.run('tenant-a', 'alice')
  // 43 of [A-Za-z0-9] is what every code, token, cookie and secret of ours looks like.
  expect(JSON.stringify(report)).not.toMatch(/[A-Za-z0-9]{43}/)
  expect(report.exchanges[1]?.reply).toMatch(/"access_token":"[A-Za-z0-9]{4}…"/)
  expect(report.exchanges[1]?.reply).toMatch(/"id_token":"eyJh…"/)
})

test('nothing of the real store changes but one event, and the report survives JSON', async () => {
  await house.addUser('alice')
  const before = await house.contents()
  const report = await house.run('tenant-a', 'alice')
  const after = await house.contents()
  const changed = Object.keys(after).filter((table) => after[table] !== before[table])
  expect(changed).toEqual(['event'])
  const runs = (await house.store.listEvents(100)).filter(({ type }) => type === 'rehearsal_run')
  expect(runs).toHaveLength(1)
  expect(runs[0]).toMatchObject({ clientId: 'tenant-a', userId: 'id-of-alice', detail: { passed: true } })
  expect(JSON.parse(JSON.stringify(report))).toEqual(report)
})

test('no code or token of a rehearsal is worth anything at the real server', async () => {
  await house.addUser('alice')
  const client = await house.store.findClient('tenant-a')
  const user = await house.store.findUserByUsername('alice')
  if (client === null || user === null) throw new Error('missing')
  const stage = await house.parts.composeRehearsal({ client, user })
  const ask = async (handle: typeof stage.handle, token: string) =>
    (
      await handle({
        method: 'GET',
        path: '/sso/userinfo',
        query: '',
        headers: { authorization: `Bearer ${token}` },
        body: Buffer.from(''),
        peer: { address: '198.51.100.7', secure: true, host: 'sso.example.com' },
      })
    ).status
  const script = scriptFor(client.client)
  if (script === null) throw new Error('no script')
  const performance = await play(house.addresses, script, 'tenant-a', stage)
  const token = String(performance.token?.members?.['access_token'])
  expect(performance.secrets).toContain(token)
  expect(await ask(stage.handle, token)).toBe(200)
  expect(await ask(house.server.handle, token)).toBe(401)
  const { keys } = house.server.parts
  expect(keys.recognise(String(performance.token?.members?.['id_token'])).genuine).toBe(false)
  await stage.close()
})

describe('people', () => {
  test('without a phone: allowed, with what it means and what to do', async () => {
    await house.addUser('bob', { phone: null, phoneVerified: false })
    const report = await house.run('tenant-a', 'bob')
    expect(report.passed).toBe(true)
    const line = lineOf(report, 'There is no phone_number')
    expect(line.state).toBe('warn')
    expect(sentence(line.explanation)).toContain('lingpai user update bob --phone')
    expect(warningsOf(report)).toEqual([
      expect.stringMatching(
        /^The sign-in itself works, but 制作云 gets no phone number\..*npx lingpai user update bob --phone … --phone-verified$/,
      ),
    ])
    expect(lineOf(report, 'There is no phone_number_verified').state).toBe('ok')
  })

  test('with an unverified phone: sent with false, and explained', async () => {
    await house.addUser('bob', { phoneVerified: false })
    const report = await house.run('tenant-a', 'bob')
    const line = lineOf(report, 'phone_number_verified is the JSON boolean false')
    expect(line.state).toBe('warn')
    expect(sentence(line.explanation)).toContain('lingpai user update bob --phone-verified')
    expect(warningsOf(report)).toEqual([
      expect.stringMatching(
        /gets the number, but .*nobody has verified it.*npx lingpai user update bob --phone-verified$/,
      ),
    ])
    expect(report.known).toContainEqual({
      claim: 'phone_number_verified',
      value: 'false',
      kind: 'phone',
      isVerification: true,
    })
  })

  test('with a foreign phone: sent in the international form, and explained', async () => {
    await house.addUser('bob', { phone: '+85261234567' })
    const report = await house.run('tenant-a', 'bob')
    expect(report.passed).toBe(true)
    expect(lineOf(report, 'phone_number is not a mainland number').state).toBe('note')
    expect(report.known).toContainEqual({ claim: 'phone_number', value: '+85261234567', kind: 'phone' })
  })

  test.each([
    [{ 'phone.unverified': 'omit' }, { phoneVerified: false }, 'user update bob --phone-verified'],
    [{ 'phone.nonMainland': 'omit' }, { phone: '+85261234567' }, 'client update tenant-b --set phone.nonMainland=e164'],
    [{ claims: { user_id: 'id' } }, {}, 'client update tenant-b --set claims.phone_number=phone'],
  ])('with a phone that %j keeps back: a warning says what to change', async (settings, person, command) => {
    await house.addClient('tenant-b', 'zhizuoyun', settings)
    await house.addUser('bob', person)
    const report = await house.run('tenant-b', 'bob')
    expect(report.passed).toBe(true)
    const [name = ''] = Object.keys(settings)
    expect(warningsOf(report)).toEqual([expect.stringMatching(new RegExp(`${name}.*npx lingpai ${command}$`))])
  })

  test('disabled: fails on the sign-in page, and says how to enable them', async () => {
    await house.addUser('bob', { enabled: false })
    const report = await house.run('tenant-a', 'bob')
    expect(report.passed).toBe(false)
    expect(report).not.toHaveProperty('warnings')
    expect(report.exchanges.map(({ endpoint }) => endpoint)).toEqual(['authorize'])
    expect(sentence(lineOf(report, 'The person is enabled').explanation)).toContain('lingpai user enable bob')
    expect(lineOf(report, 'The browser returns to the registered callback').state).toBe('bad')
    expect(report.known).toEqual([])
  })

  test('disabled, with a phone that somebody else has now: says that too', async () => {
    await house.addUser('bob', { enabled: false })
    await house.addUser('carol')
    const report = await house.run('tenant-a', 'bob')
    expect(sentence(lineOf(report, 'The person is enabled').explanation)).toContain(
      'Another enabled person has this phone number',
    )
    expect(badLines(await house.run('tenant-a', 'carol'))).toEqual([])
  })

  test('without a password: cannot sign in, whatever the rest says', async () => {
    await house.addUser('bob', { passwordHash: null })
    const report = await house.run('tenant-a', 'bob')
    expect(badLines(report)).toHaveLength(1)
    expect(sentence(lineOf(report, 'The person has a password').explanation)).toContain('lingpai user set-password bob')
  })

  test('with a temporary password: passes, and says what comes first', async () => {
    await house.addUser('bob', { passwordTemporary: true })
    const report = await house.run('tenant-a', 'bob')
    expect(badLines(report)).toEqual([])
    const told = lineOf(report, 'The person has a password')
    expect([told.state, sentence(told.explanation)]).toEqual(['note', expect.stringContaining('chooses their own')])
  })
})

describe('clients', () => {
  beforeEach(() => house.addUser('alice'))

  test('with PKCE required: 制作云 sends none, so it is refused, and the setting is named', async () => {
    await house.addClient('tenant-b', 'zhizuoyun', { 'authorize.pkce': 'required' })
    const report = await house.run('tenant-b', 'alice')
    expect(report.passed).toBe(false)
    expect(badLines(report).join()).toContain('lingpai client update tenant-b --set authorize.pkce=optional')
  })

  test('disabled: ends on our error page', async () => {
    const record = await house.store.findClient('tenant-a')
    if (record === null) throw new Error('missing')
    const { client, version } = record
    const event = { type: 'client_disabled', at: house.clock.now(), clientId: 'tenant-a' } as const
    await house.store.updateClient(client, { enabled: false, version, killIssued: true }, event)
    const report = await house.run('tenant-a', 'alice')
    expect(lineOf(report, 'The client is enabled').state).toBe('bad')
    expect(report.exchanges[0]?.status).toBe(400)
  })

  test('with a callback that is nearly the one of the guide: says at which character', async () => {
    await house.addClient('tenant-b', 'zhizuoyun', { redirect_uris: [`${CALLBACK}/`] })
    const line = lineOf(await house.run('tenant-b', 'alice'), 'The registered callback is not the one')
    expect(line.state).toBe('bad')
    expect(sentence(line.explanation)).toContain('at character 48')
    await house.addClient('tenant-c', 'zhizuoyun', { redirect_uris: ['http://localhost:9000/cb'] })
    const own = await house.run('tenant-c', 'alice')
    expect(lineOf(own, 'The registered callback is not the one').state).toBe('note')
    expect(own.passed).toBe(true)
  })

  test('with consent declared: no page is shown, and the report says why', async () => {
    await house.addClient('tenant-b', 'zhizuoyun', { consent: 'implied' })
    const implied = await house.run('tenant-b', 'alice')
    expect(implied).toMatchObject({ passed: true, consentPressed: false })
    expect(lineOf(implied, 'No consent page is shown').state).toBe('ok')
    expect(implied.exchanges[0]?.status).toBe(302)
    const asked = await house.run('tenant-a', 'alice')
    expect(asked.consentPressed).toBe(true)
    expect(lineOf(asked, 'The consent page was shown').state).toBe('note')
  })

  test('with settings that break the contract: each is named', async () => {
    await house.addClient('tenant-b', 'zhizuoyun', {
      'reply.expiresIn': 'string',
      'phone.format': 'e164',
      'authorize.iss': true,
      claims: { phone_number: 'phone', phone_number_verified: { from: 'phoneVerified', type: 'string' } },
    })
    const report = await house.run('tenant-b', 'alice')
    expect(sentence(lineOf(report, 'expires_in is a whole').explanation)).toContain('reply.expiresIn')
    expect(lineOf(report, 'user_id is a string').state).toBe('bad')
    expect(lineOf(report, 'phone_number_verified must be a JSON boolean').state).toBe('bad')
    expect(lineOf(report, 'phone_number carries the country code').state).toBe('note')
    expect(lineOf(report, 'The answer also carries: iss').state).toBe('note')
  })
})

describe('the issuer', () => {
  const rehearsedAt = async (issuer: string) => {
    const other = await openHouse({ issuer })
    await other.addClient('tenant-a')
    await other.addUser('alice')
    const report = await other.run('tenant-a', 'alice')
    await other.server.close()
    expect(badLines(report)).toEqual([])
    return report
  }

  test.each(['http://localhost:4000', 'https://sso.intranet', 'https://10.1.2.3'])(
    "%s works here, but Tencent's servers cannot reach it",
    async (issuer) => {
      expect(lineOf(await rehearsedAt(issuer), "Tencent's servers cannot reach this address yet").state).toBe('note')
    },
  )

  test('a public https name is in order, also below a path', async () => {
    for (const issuer of ['https://sso.company.cn', 'https://www.company.cn/login']) {
      expect(lineOf(await rehearsedAt(issuer), 'The issuer is a public https address').state).toBe('ok')
    }
  })
})

test('a slow answer is a note, and a failing stage leaves no event', async () => {
  await house.addUser('alice')
  const client = await house.store.findClient('tenant-a')
  const user = await house.store.findUserByUsername('alice')
  if (client === null || user === null) throw new Error('missing')
  const slow = await rehearse(
    {
      ...house.parts,
      composeRehearsal: async (cast) => {
        const stage = await house.parts.composeRehearsal(cast)
        return {
          ...stage,
          handle: async (request) => {
            if (request.path === '/sso/userinfo') await new Promise((resolve) => setTimeout(resolve, 1_100))
            return stage.handle(request)
          },
        }
      },
    },
    { client, user },
  )
  expect(slow.passed).toBe(true)
  expect(lineOf(slow, 'The answer took').state).toBe('note')
  const before = await house.contents()
  const broken = { ...house.parts, composeRehearsal: () => Promise.reject(new Error('no memory')) }
  await expect(rehearse(broken, { client, user })).rejects.toThrow('no memory')
  expect(await house.contents()).toEqual(before)
})
