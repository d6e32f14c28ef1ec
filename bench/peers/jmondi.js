// @jmondi/oauth2-server with repositories on SQLite. Its access tokens are JWTs (HS256), its codes and refresh tokens
// opaque here as ours are. No discovery, user info or ID token.

import { createHash, randomBytes } from 'node:crypto'
import { AuthorizationServer, DateInterval, OAuthRequest } from '@jmondi/oauth2-server'
import { report } from '../../dist/bench/reporting.js'
import { CALLBACK, openDatabase, SECRET } from './database.js'
import { serve } from './node-server.js'

const { database, remove } = openDatabase()
database.exec(`
  CREATE TABLE code (code BLOB PRIMARY KEY, client TEXT, user TEXT, scope TEXT, redirect TEXT, expires INTEGER, revoked INTEGER) WITHOUT ROWID;
  CREATE TABLE token (access BLOB PRIMARY KEY, refresh BLOB, client TEXT, user TEXT, scope TEXT, expires INTEGER,
    refresh_expires INTEGER, revoked INTEGER, code TEXT) WITHOUT ROWID;
  CREATE UNIQUE INDEX token_refresh ON token (refresh);
`)
const sql = (text) => database.prepare(text)
const insertCode = sql('INSERT INTO code VALUES (?, ?, ?, ?, ?, ?, 0)')
const findCode = sql('SELECT * FROM code WHERE code = ?')
const revokeCode = sql('UPDATE code SET revoked = 1 WHERE code = ?')
const saveToken = sql(`INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT (access) DO UPDATE SET
  refresh = excluded.refresh, refresh_expires = excluded.refresh_expires`)
const findByRefresh = sql('SELECT * FROM token WHERE refresh = ?')
const findByAccess = sql('SELECT * FROM token WHERE access = ?')
const revokeToken = sql('UPDATE token SET revoked = 1 WHERE access = ?')

const digest = (text) => createHash('sha256').update(text).digest()
const newSecret = () => randomBytes(32).toString('base64url')
const scopes = (text) => (text === '' ? [] : text.split(' ').map((name) => ({ name })))
const text = (list) => list.map(({ name }) => name).join(' ')
const inSeconds = (seconds) => new Date(Date.now() + seconds * 1000)
const known = new Set(['openid', 'profile', 'email', 'api'])
const clients = new Map(
  ['es256', 'rs256'].map((id) => [
    id,
    {
      id,
      name: id,
      secret: SECRET,
      redirectUris: [CALLBACK],
      allowedGrants: ['authorization_code', 'refresh_token', 'client_credentials'],
      scopes: [],
    },
  ]),
)

const clientRepository = {
  getByIdentifier: async (id) => clients.get(id),
  isClientValid: async (grant, client, secret) => client.allowedGrants.includes(grant) && secret === client.secret,
}
const scopeRepository = {
  getAllByIdentifiers: async (names) => names.filter((name) => known.has(name)).map((name) => ({ name })),
  finalize: async (list) => list,
}
const toToken = (row, accessToken, refreshToken) => {
  if (row === undefined) throw new Error('no such token')
  return {
    accessToken,
    accessTokenExpiresAt: new Date(row.expires),
    refreshToken,
    refreshTokenExpiresAt: new Date(row.refresh_expires),
    client: clients.get(row.client),
    user: row.user === null ? null : { id: row.user },
    scopes: scopes(row.scope),
    originatingAuthCodeId: row.code ?? undefined,
    row,
  }
}
const tokenRepository = {
  issueToken: async (client, list, user) => ({
    accessToken: newSecret(),
    accessTokenExpiresAt: inSeconds(3600),
    client,
    user: user ?? null,
    scopes: list,
  }),
  async issueRefreshToken(token) {
    const whole = { ...token, refreshToken: newSecret(), refreshTokenExpiresAt: inSeconds(30 * 86_400) }
    await tokenRepository.persist(whole)
    return whole
  },
  async persist(token) {
    saveToken.run(
      digest(token.accessToken),
      token.refreshToken ? digest(token.refreshToken) : null,
      token.client.id,
      token.user?.id ?? null,
      text(token.scopes),
      token.accessTokenExpiresAt.getTime(),
      token.refreshTokenExpiresAt?.getTime() ?? null,
      token.originatingAuthCodeId ?? null,
    )
  },
  revoke: async (token) => void revokeToken.run(token.row?.access ?? digest(token.accessToken)),
  isRefreshTokenRevoked: async (token) => token.row.revoked === 1 || token.refreshTokenExpiresAt < new Date(),
  getByRefreshToken: async (token) => toToken(findByRefresh.get(digest(token)), 'kept as a digest', token),
  getByAccessToken: async (token) => toToken(findByAccess.get(digest(token)), token, null),
}
const codeRepository = {
  async getByIdentifier(code) {
    const row = findCode.get(digest(code))
    if (row === undefined) throw new Error('no such code')
    return {
      code,
      redirectUri: row.redirect,
      expiresAt: new Date(row.expires),
      user: { id: row.user },
      client: clients.get(row.client),
      scopes: scopes(row.scope),
    }
  },
  issueAuthCode: (client, user, list) => ({
    code: newSecret(),
    expiresAt: inSeconds(60),
    client,
    user,
    scopes: list,
  }),
  async persist({ code, client, user, scopes: list, redirectUri, expiresAt }) {
    insertCode.run(digest(code), client.id, user?.id ?? null, text(list), redirectUri ?? null, expiresAt.getTime())
  },
  isRevoked: async (code) => findCode.get(digest(code))?.revoked === 1,
  revoke: async (code) => void revokeCode.run(digest(code)),
}
const userRepository = { getUserByCredentials: async (id) => ({ id }) }

const oauth = new AuthorizationServer(clientRepository, tokenRepository, scopeRepository, 'k'.repeat(43), {
  requiresPKCE: false,
  useOpaqueAuthorizationCodes: true,
  useOpaqueRefreshTokens: true,
})
oauth.enableGrantTypes(
  ['client_credentials', new DateInterval('1h')],
  ['refresh_token', new DateInterval('1h')],
  [{ grant: 'authorization_code', userRepository, authCodeRepository: codeRepository }, new DateInterval('1h')],
)

const issuer = await serve(async ({ path, query, headers, body }) => {
  if (path === '/') return { status: 200, headers: {}, body: {} }
  const request = new OAuthRequest({ query, headers, body })
  if (path === '/authorize') {
    const asked = await oauth.validateAuthorizationRequest(request)
    asked.user = headers.cookie === 'session=bench' ? { id: 'bench-user' } : null
    asked.isAuthorizationApproved = asked.user !== null
    return oauth.completeAuthorizationRequest(asked)
  }
  if (path === '/introspect') return oauth.introspect(request)
  return oauth.respondToAccessTokenRequest(request)
})

report(
  {
    issuer,
    secret: SECRET,
    cookie: 'session=bench',
    paths: { discovery: '/', authorize: '/authorize', token: '/token', userinfo: '', introspect: '/introspect' },
    lacks: [
      'client_credentials, ES256 JWT',
      'introspection, JWT',
      'discovery',
      'user info, opaque token',
      'introspection, opaque token',
      'refresh with ES256 ID token',
      'client_credentials, opaque',
      'journey, ES256 ID token',
      'journey, RS256 ID token',
    ],
  },
  remove,
)
