// The MCP authorization specification: the official SDK's client finds us by the MCP server it wants to use, becomes a
// client by its document or by registration, signs a person in with PKCE and `resource`, and uses the tools.

import { auth, type OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startExample } from '../support/example.ts'
import { freePort } from '../support/free-port.ts'
import { walk } from '../support/relying-party.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const DOCUMENT = 'https://tools.example.com/mcp-client.json'

/** What an MCP client keeps, and where it sends its person. */
class Keeper implements OAuthClientProvider {
  readonly redirectUrl = CALLBACK
  readonly clientMetadata = {
    client_name: 'MCP client',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  }
  readonly clientMetadataUrl?: string
  information: OAuthClientInformationMixed | undefined
  kept: OAuthTokens | undefined
  sentTo: URL | null = null
  #verifier = ''
  constructor(documentUrl: string | null) {
    if (documentUrl !== null) this.clientMetadataUrl = documentUrl
  }
  clientInformation() {
    return this.information
  }
  saveClientInformation(information: OAuthClientInformationMixed) {
    this.information = information
  }
  tokens() {
    return this.kept
  }
  saveTokens(tokens: OAuthTokens) {
    this.kept = tokens
  }
  redirectToAuthorization(url: URL) {
    this.sentTo = url
  }
  saveCodeVerifier(verifier: string) {
    this.#verifier = verifier
  }
  codeVerifier() {
    return this.#verifier
  }
}

describe.each([
  ['at the root of its host', ''],
  ['with a path of its own', '/tenant'],
])('an issuer %s', (_, issuerPath) => {
  let host: TestServer
  let serverUrl: string
  let example: { stop(): Promise<void> }

  beforeAll(async () => {
    host = await startServer({ issuerPath, registration: { access: 'open', documents: true, perAddress: 1_000 } })
    const port = await freePort()
    serverUrl = `http://localhost:${port}/mcp`
    example = await startExample('mcp', { PORT: String(port), ISSUER: host.issuer, RESOURCE: serverUrl })
    await host.addResource(serverUrl, {
      name: 'Tools of the house',
      scope: 'tools',
      clients: 'all',
      tokenFormat: 'jwt',
    })
    await host.addUser('alice')
    // The public internet, as far as a test has one: the document is where its address says.
    vi.spyOn(host.server.parts.outbound, 'ask').mockImplementation(async ({ url }) => {
      const document = { client_id: DOCUMENT, ...new Keeper(DOCUMENT).clientMetadata }
      return url === DOCUMENT
        ? { kind: 'answered', status: 200, body: Buffer.from(JSON.stringify(document)), maxAge: null }
        : { kind: 'failed', why: 'unresolved', reason: 'no such host' }
    })
  })
  afterAll(async () => {
    await example.stop()
    await host.close()
  })

  /** As far as the tokens; resolves to where the person was sent. */
  async function signIn(keeper: Keeper): Promise<URL> {
    expect(await auth(keeper, { serverUrl })).toBe('REDIRECT')
    const { sentTo } = keeper
    if (sentTo === null) throw new Error('nobody was sent anywhere')
    const answer = await walk(new Visitor(), sentTo.href, 'alice')
    const authorizationCode = answer.searchParams.get('code') ?? ''
    expect(await auth(keeper, { serverUrl, authorizationCode })).toBe('AUTHORIZED')
    return sentTo
  }

  async function whoami(keeper: Keeper): Promise<unknown> {
    const client = new Client({ name: 'test', version: '1.0.0' })
    const transport = new StreamableHTTPClientTransport(new URL(serverUrl), { authProvider: keeper })
    await client.connect(transport)
    const { content } = await client.callTool({ name: 'whoami' })
    await client.close()
    return content
  }

  test.each([
    ['its document', DOCUMENT],
    ['registration', null],
  ])('lets a client in by %s', async (_how, documentUrl) => {
    const keeper = new Keeper(documentUrl)
    const sentTo = await signIn(keeper)
    expect(sentTo.href.startsWith(`${host.issuer}/sso/authorize?`)).toBe(true)
    expect(Object.fromEntries(sentTo.searchParams)).toMatchObject({
      resource: serverUrl,
      code_challenge_method: 'S256',
      scope: expect.stringContaining('tools'),
    })
    expect(keeper.information?.client_id === DOCUMENT).toBe(documentUrl !== null)
    expect(await whoami(keeper)).toEqual([{ type: 'text', text: 'user-alice' }])
    expect(decodeJwt(keeper.kept?.access_token ?? '')).toMatchObject({
      iss: host.issuer,
      aud: serverUrl,
      scope: 'tools',
      client_id: keeper.information?.client_id,
    })
  })

  test('lets it refresh, for the same resource', async () => {
    const keeper = new Keeper(DOCUMENT)
    await signIn(keeper)
    const former = keeper.kept
    expect(former?.refresh_token).toMatch(/^[A-Za-z0-9]{64}$/)
    expect(await auth(keeper, { serverUrl })).toBe('AUTHORIZED')
    expect(keeper.kept?.access_token).not.toBe(former?.access_token)
    expect(await whoami(keeper)).toEqual([{ type: 'text', text: 'user-alice' }])
  })

  test('names the MCP server and the client’s host on the consent page', async () => {
    const keeper = new Keeper(DOCUMENT)
    await auth(keeper, { serverUrl })
    const visitor = new Visitor()
    const page = await visitor.follow(await visitor.get(keeper.sentTo?.href ?? ''))
    const next = await visitor.submit(page, 'login-submit', {
      username: 'alice',
      password: 'correct horse battery staple',
    })
    const consent = await visitor.follow(next)
    expect(consent.html).toContain('Tools of the house')
    expect(consent.html).toContain('Rights: tools')
    expect(consent.html).toContain('tools.example.com')
  })

  test('gives no token for the tools to a client that did not ask for them there', async () => {
    const keeper = new Keeper(DOCUMENT)
    await signIn(keeper)
    const other = 'https://other-tools.test/mcp'
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: keeper.kept?.refresh_token ?? '',
      client_id: DOCUMENT,
      resource: other,
    })
    const reply = await fetch(`${host.issuer}/sso/token`, { method: 'POST', body })
    expect([reply.status, await reply.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_target' })])
    const bare = await fetch(serverUrl, { method: 'POST', body: '{}', headers: { authorization: 'Bearer nothing' } })
    expect(bare.status).toBe(401)
    expect(await whoami(keeper)).toEqual([{ type: 'text', text: 'user-alice' }])
  })
})
