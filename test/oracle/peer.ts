// The peer: the certified Node library `oidc-provider`, in memory, with the same clients, one person, and pages that
// have our ids. What it does is a second reading of the specifications by somebody else.

import { createHash, generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ClientMetadata, type Configuration, Provider as Peer } from 'oidc-provider'
import { TEST_PASSWORD } from '../support/server.ts'
import { CLIENTS, METADATA, type Provider, SECRET, SIGNED_OUT } from './provider.ts'

const USER = 'user-alice'

export async function startPeer(): Promise<Provider> {
  let answer: ((req: IncomingMessage, res: ServerResponse) => unknown) | null = null
  const socket = createServer((req, res) => {
    Promise.resolve(answer?.(req, res)).catch((error: unknown) => {
      res.writeHead(400, { 'content-type': 'text/html' }).end(`<p id="error-code">${String(error)}</p>`)
    })
  })
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(socket.address() as AddressInfo).port}`
  const peer = new Peer(issuer, configuration())
  const protocol = peer.callback()
  answer = (req, res) => (req.url?.startsWith('/step/') ? step(peer, req, res) : protocol(req, res))
  const at = (path: string) => `${issuer}${path}`
  return {
    name: 'oidc-provider',
    issuer,
    username: 'alice',
    endpoints: {
      authorize: at('/auth'),
      par: at('/request'),
      token: at('/token'),
      userinfo: at('/me'),
      introspect: at('/token/introspection'),
      revoke: at('/token/revocation'),
      endSession: at('/session/end'),
      jwks: at('/jwks'),
    },
    async close() {
      socket.closeAllConnections()
      await new Promise<unknown>((resolve) => socket.close(resolve))
    },
  }
}

function configuration(): Configuration {
  return {
    jwks: {
      keys: (['rsa', 'ec'] as const).map((kind) => ({ ...privateJwk(kind), use: 'sig', kid: kind })) as never,
    },
    clients: clients(),
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: 'Name of alice', email: 'alice@example.com', email_verified: true }),
    }),
    scopes: ['openid', 'offline_access', 'read', 'write'],
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'], phone: ['phone_number'] },
    pkce: { required: (_, client) => client.clientAuthMethod === 'none' },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      IdToken: 3600,
      RefreshToken: 86_400,
      Grant: 86_400,
      Session: 86_400,
      Interaction: 3600,
    },
    subjectTypes: ['public', 'pairwise'],
    pairwiseIdentifier: async (_, accountId, client) =>
      createHash('sha256')
        .update(JSON.stringify([client.sectorIdentifier, accountId]))
        .digest('hex'),
    cookies: { keys: ['a key for tests only'] },
    interactions: { url: (_, { uid }) => `/step/${uid}` },
    issueRefreshToken: async (_, client, code) =>
      client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    rotateRefreshToken: true,
    renderError: (ctx, { error }) => {
      ctx.type = 'html'
      ctx.body = `<p id="error-code">${error}</p>`
    },
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      requestObjects: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      dPoP: { enabled: true },
      encryption: { enabled: true },
      jwtUserinfo: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          const button = '<button id="logout-confirm" type="submit" name="logout" value="yes">Sign out</button></form>'
          ctx.body = form.replace('</form>', button)
        },
        postLogoutSuccessSource: (ctx) => {
          ctx.body = '<p>Signed out'
        },
      },
    },
  }
}

function privateJwk(kind: 'rsa' | 'ec'): object {
  const { privateKey } =
    kind === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ format: 'jwk' })
}

function clients(): ClientMetadata[] {
  const { web, two, new: unknown, page, machine, signer, pair, reader } = CLIENTS
  const people = { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] } as const
  const out = { post_logout_redirect_uris: [SIGNED_OUT] }
  const plain = <T extends { redirect_uris: readonly string[] }>(client: T) => ({
    ...client,
    redirect_uris: [...client.redirect_uris],
  })
  return [
    { ...plain(web), ...people, ...out, client_secret: SECRET },
    { ...plain(two), ...people, ...out, client_secret: SECRET },
    { ...plain(unknown), ...people, ...out, client_secret: SECRET },
    { ...plain(page), ...people, ...out, token_endpoint_auth_method: 'none' },
    { ...plain(signer), ...people, ...METADATA.signer, client_secret: SECRET },
    { ...plain(pair), ...people, ...METADATA.pair, client_secret: SECRET },
    { ...plain(reader), ...people, ...METADATA.reader, client_secret: SECRET },
    { ...plain(machine), grant_types: ['client_credentials'], response_types: [], client_secret: SECRET },
  ] as ClientMetadata[]
}

/** Who are you, and do you allow it: the two pages that the library leaves to its host. */
async function step(peer: Peer, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const details = await peer.interactionDetails(req, res)
  const { name, details: missing } = details.prompt
  const page = (html: string) => void res.writeHead(200, { 'content-type': 'text/html' }).end(html)
  if (name === 'login') {
    if (req.method !== 'POST') return page(FORM('<input name="username"><input name="password">', 'login-submit'))
    const fields = await read(req)
    if (fields.get('password') !== TEST_PASSWORD) return page(FORM('', 'login-submit'))
    return peer.interactionFinished(req, res, { login: { accountId: USER } }, { mergeWithLastSubmission: false })
  }
  if (req.method !== 'POST') return page(FORM('', 'consent-allow'))
  const accountId = details.session?.accountId ?? USER
  const known = details.grantId === undefined ? undefined : await peer.Grant.find(details.grantId)
  const grant = known ?? new peer.Grant({ accountId, clientId: String(details.params['client_id']) })
  const { missingOIDCScope: scopes, missingOIDCClaims: claims } = missing as Record<string, string[] | undefined>
  if (scopes !== undefined) grant.addOIDCScope(scopes.join(' '))
  if (claims !== undefined) grant.addOIDCClaims(claims)
  const grantId = await grant.save()
  return peer.interactionFinished(req, res, { consent: { grantId } }, { mergeWithLastSubmission: true })
}

const FORM = (inside: string, button: string) =>
  `<form method="post">${inside}<button id="${button}" type="submit">Go on</button></form>`

async function read(req: IncomingMessage): Promise<URLSearchParams> {
  let text = ''
  for await (const chunk of req.setEncoding('utf8')) text += String(chunk)
  return new URLSearchParams(text)
}
