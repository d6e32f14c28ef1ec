// Every example starts as its README says, and answers.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { expect, test } from 'vitest'
import { newClientKey } from './support/assertions.ts'
import { startExample } from './support/example.ts'
import { freePort } from './support/free-port.ts'
import { proof } from './support/proofs.ts'
import { type Fields, RelyingParty, tokensOf } from './support/relying-party.ts'
import { startServer, TEST_PASSWORD, TEST_SECRET } from './support/server.ts'
import { Visitor } from './support/visitor.ts'

const folders = readdirSync('examples', { withFileTypes: true })
  // `prometheus` holds files for another program.
  .filter((entry) => existsSync(`examples/${entry.name}/server.ts`))
  .map(({ name }) => name)
/** Those that are no server of ours, but somebody's who accepts our tokens, or signs people in here. */
const APIS = ['api', 'mcp', 'application']

test('there are examples', () => {
  expect(folders).toEqual(['api', 'application', 'express', 'fetch', 'mcp', 'node-http'])
})

test.each(folders.filter((folder) => !APIS.includes(folder)))(
  '%s starts and answers with its metadata',
  async (folder) => {
    const port = await freePort()
    const example = await startExample(folder, { PORT: String(port) })
    try {
      const metadata = await fetch(`http://localhost:${port}/.well-known/openid-configuration`)
      expect(metadata.status).toBe(200)
      expect(await metadata.json()).toMatchObject({ issuer: `http://localhost:${port}` })
      const token = await fetch(`http://localhost:${port}/sso/token`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'nobody', client_secret: 'nothing' }),
      })
      expect(token.status).toBe(401)
      expect(await token.json()).toMatchObject({ error: 'invalid_client' })
      const statusFor = async (host: string) => {
        const asked = request({ port, host: 'localhost', path: '/sso/jwks', headers: { host } }).end()
        const [reply] = (await once(asked, 'response')) as [IncomingMessage]
        reply.resume()
        return reply.statusCode
      }
      expect(await statusFor(`localhost:${port}`)).toBe(200)
      expect(await statusFor('attacker.test')).toBe(421)
      expect(await statusFor('no host')).toBeOneOf([400, 421])
    } finally {
      await example.stop()
    }
  },
)

test.each(['api', 'mcp'])(
  '%s ends with one line that says what to do while its issuer does not answer',
  async (folder) => {
    const issuer = `http://localhost:${await freePort()}`
    const child = spawn(process.execPath, [`examples/${folder}/server.ts`], { env: { ...process.env, ISSUER: issuer } })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    expect(await once(child, 'close')).toEqual([1, null])
    expect(said).toBe(
      `No metadata at ${issuer}/.well-known/oauth-authorization-server: start Lingpai (npm start), or say with ISSUER where it answers\n`,
    )
  },
)

test('application ends with a line that says what to do while its issuer does not answer', async () => {
  const issuer = `http://localhost:${await freePort()}`
  const child = spawn(process.execPath, ['examples/application/server.ts'], { env: { ...process.env, ISSUER: issuer } })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  expect(await once(child, 'close')).toEqual([1, null])
  expect(said).toMatch(`No metadata at ${issuer}: start Lingpai (npm start), or say with ISSUER where it answers\n`)
})

test('application signs somebody in and out, and takes no end of a sign-in that this browser has not begun', async () => {
  const host = await startServer()
  const home = `http://localhost:${await freePort()}/`
  await host.addClient('intranet', 'openid-connect', {
    redirect_uris: [`${home}callback`],
    post_logout_redirect_uris: [home],
  })
  await host.addUser('alice')
  const example = await startExample('application', {
    PORT: new URL(home).port,
    ISSUER: host.issuer,
    CLIENT_ID: 'intranet',
    CLIENT_SECRET: TEST_SECRET,
  })
  try {
    const [here, there] = [new Visitor(), new Visitor()]
    const begun = await here.get(`${home}login`)
    const signIn = await there.follow(await there.get(begun.location ?? ''))
    const consent = await there.follow(
      await there.submit(signIn, 'login-submit', { username: 'alice', password: TEST_PASSWORD }),
    )
    const callback = (await there.submit(consent, 'consent-allow')).location ?? ''
    expect(callback).toMatch(new RegExp(`^${home}callback\\?code=`))
    // Somebody else's browser, which was sent this address.
    expect((await new Visitor().get(callback)).location).toBe(home)
    expect((await here.follow(await here.get(callback))).html).toBe(`Hello Name of alice. ${home}logout`)
    const out = await there.get((await here.get(`${home}logout`)).location ?? '')
    expect(out.location).toBe(home)
    expect((await here.get(home)).html).toBe(`Nobody is signed in. ${home}login`)
  } finally {
    await example.stop()
    await host.close()
  }
})

// What the MCP server does with a token of ours is in specifications/mcp.test.ts.
test('api answers tokens that are meant for it, and refuses all others', async () => {
  const host = await startServer()
  const port = await freePort()
  const videos = `http://localhost:${port}/videos`
  const notes = 'https://notes.test'
  const example = await startExample('api', { PORT: String(port), ISSUER: host.issuer, RESOURCE: videos })
  try {
    const jwt = { tokenFormat: 'jwt', scope: 'read write' }
    await host.addResource(videos, jwt)
    await host.addResource(notes, jwt)
    const own = { grant_types: ['client_credentials'], response_types: [], scope: 'read write' }
    await host.addClient('machine', 'openid-connect', { ...own, resources: [videos, notes] })
    const machine = new RelyingParty({ host, clientId: 'machine' })
    const token = async (fields: Fields) =>
      tokensOf(await machine.token({ grant_type: 'client_credentials', ...fields })).access
    const call = async (authorization?: string, dpop?: string) => {
      const headers = { ...(authorization && { authorization }), ...(dpop && { dpop }) }
      const reply = await fetch(videos, { headers })
      return [reply.status, await reply.json(), reply.headers.get('www-authenticate')]
    }
    const about = `http://localhost:${port}/.well-known/oauth-protected-resource/videos`
    expect(await call(`Bearer ${await token({ resource: videos })}`)).toEqual([
      200,
      { hello: 'machine', client: 'machine' },
      null,
    ])
    const key = await newClientKey()
    const bound = tokensOf(
      await machine.token(
        { grant_type: 'client_credentials', resource: videos },
        { ...machine.credentials, dpop: await proof({ host, key }) },
      ),
    ).access
    const crafted = { host, key, method: 'GET', accessToken: bound, claims: { htu: videos } }
    const dpop = await proof(crafted)
    expect((await call(`DPoP ${bound}`, dpop))[0]).toBe(200)
    for (const [scheme, text] of [
      ['DPoP', dpop],
      ['DPoP', undefined],
      ['Bearer', undefined],
      ['Bearer', await proof(crafted)],
      ['DPoP', await proof({ ...crafted, key: await newClientKey() })],
      ['DPoP', await proof({ ...crafted, claims: {} })],
      ['DPoP', await proof({ ...crafted, accessToken: 'another' })],
    ] as const) {
      expect((await call(`${scheme} ${bound}`, text))[0]).toBe(401)
    }
    expect((await call(`DPoP ${bound}`, await proof(crafted)))[0]).toBe(200)
    const invalid = [401, { error: 'invalid_token' }, expect.stringContaining('error="invalid_token"')]
    expect(await call(`Bearer ${await token({ resource: notes })}`)).toEqual(invalid)
    expect(await call(`Bearer ${await token({})}`)).toEqual(invalid)
    expect((await call(`Bearer ${await token({ resource: videos, scope: 'write' })}`))[0]).toBe(403)
    expect(await call()).toEqual([401, { error: 'token_missing' }, `Bearer resource_metadata="${about}"`])
    expect(await (await fetch(about)).json()).toEqual({
      resource: videos,
      authorization_servers: [host.issuer],
      scopes_supported: ['read'],
    })
  } finally {
    await example.stop()
    await host.close()
  }
})
