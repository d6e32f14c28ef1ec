// @node-oauth/oauth2-server with a model on SQLite. It knows OAuth 2.0 alone: no discovery, introspection or ID token.

import { createHash } from 'node:crypto'
import OAuth2Server from '@node-oauth/oauth2-server'
import { report } from '../../dist/bench/reporting.js'
import { CALLBACK, openDatabase, SECRET } from './database.js'
import { serve } from './node-server.js'

const { database, remove } = openDatabase()
database.exec(`
  CREATE TABLE code (code BLOB PRIMARY KEY, client TEXT, user TEXT, scope TEXT, redirect TEXT, expires INTEGER) WITHOUT ROWID;
  CREATE TABLE access (token BLOB PRIMARY KEY, client TEXT, user TEXT, scope TEXT, expires INTEGER) WITHOUT ROWID;
  CREATE TABLE refresh (token BLOB PRIMARY KEY, client TEXT, user TEXT, scope TEXT, expires INTEGER) WITHOUT ROWID;
`)
const sql = (text) => database.prepare(text)
const insertCode = sql('INSERT INTO code VALUES (?, ?, ?, ?, ?, ?)')
const findCode = sql('SELECT * FROM code WHERE code = ?')
const deleteCode = sql('DELETE FROM code WHERE code = ?')
const insertAccess = sql('INSERT INTO access VALUES (?, ?, ?, ?, ?)')
const findAccess = sql('SELECT * FROM access WHERE token = ?')
const insertRefresh = sql('INSERT INTO refresh VALUES (?, ?, ?, ?, ?)')
const findRefresh = sql('SELECT * FROM refresh WHERE token = ?')
const deleteRefresh = sql('DELETE FROM refresh WHERE token = ?')
const begin = sql('BEGIN IMMEDIATE')
const commit = sql('COMMIT')

const digest = (text) => createHash('sha256').update(text).digest()
const clients = new Map(
  ['es256', 'rs256'].map((id) => [
    id,
    { id, redirectUris: [CALLBACK], grants: ['authorization_code', 'refresh_token', 'client_credentials'] },
  ]),
)
const words = (scope) => scope.split(' ')

const model = {
  async getClient(id, secret) {
    return secret === null || secret === undefined || secret === SECRET ? clients.get(id) : null
  },
  async saveAuthorizationCode(code, client, user) {
    const expires = code.expiresAt.getTime()
    insertCode.run(
      digest(code.authorizationCode),
      client.id,
      user.id,
      (code.scope ?? []).join(' '),
      code.redirectUri,
      expires,
    )
    return { ...code, client, user }
  },
  async getAuthorizationCode(authorizationCode) {
    const row = findCode.get(digest(authorizationCode))
    return (
      row && {
        authorizationCode,
        expiresAt: new Date(row.expires),
        redirectUri: row.redirect,
        scope: words(row.scope),
        client: clients.get(row.client),
        user: { id: row.user },
      }
    )
  },
  async revokeAuthorizationCode({ authorizationCode }) {
    return deleteCode.run(digest(authorizationCode)).changes === 1
  },
  async saveToken(token, client, user) {
    const scope = (token.scope ?? []).join(' ')
    begin.run()
    insertAccess.run(digest(token.accessToken), client.id, user.id, scope, token.accessTokenExpiresAt.getTime())
    if (token.refreshToken) {
      insertRefresh.run(digest(token.refreshToken), client.id, user.id, scope, token.refreshTokenExpiresAt.getTime())
    }
    commit.run()
    return { ...token, client, user }
  },
  async getAccessToken(accessToken) {
    const row = findAccess.get(digest(accessToken))
    return (
      row && {
        accessToken,
        accessTokenExpiresAt: new Date(row.expires),
        scope: words(row.scope),
        client: clients.get(row.client),
        user: { id: row.user },
      }
    )
  },
  async getRefreshToken(refreshToken) {
    const row = findRefresh.get(digest(refreshToken))
    return (
      row && {
        refreshToken,
        refreshTokenExpiresAt: new Date(row.expires),
        scope: words(row.scope),
        client: clients.get(row.client),
        user: { id: row.user },
      }
    )
  },
  async revokeToken({ refreshToken }) {
    return deleteRefresh.run(digest(refreshToken)).changes === 1
  },
  async getUserFromClient(client) {
    return { id: client.id }
  },
  async validateScope(user, client, scope) {
    return scope ?? ['api']
  },
}

const oauth = new OAuth2Server({
  model,
  accessTokenLifetime: 3600,
  refreshTokenLifetime: 30 * 86_400,
  authorizationCodeLifetime: 60,
})
const signedIn = { handle: async ({ headers }) => (headers.cookie === 'session=bench' ? { id: 'bench-user' } : null) }

const issuer = await serve(async ({ method, path, query, headers, body }) => {
  if (path === '/') return { status: 200, headers: {}, body: {} }
  const request = new OAuth2Server.Request({ method, query, headers, body })
  const response = new OAuth2Server.Response({ headers: {} })
  if (path === '/userinfo') {
    const token = await oauth.authenticate(request, response)
    return { status: 200, headers: response.headers, body: { sub: token.user.id, name: 'Bench' } }
  }
  if (path === '/authorize') await oauth.authorize(request, response, { authenticateHandler: signedIn })
  else await oauth.token(request, response)
  return { status: response.status, headers: response.headers, body: response.body }
})

report(
  {
    issuer,
    secret: SECRET,
    cookie: 'session=bench',
    paths: { discovery: '/', authorize: '/authorize', token: '/token', userinfo: '/userinfo', introspect: '' },
    lacks: [
      'client_credentials, ES256 JWT',
      'introspection, JWT',
      'discovery',
      'introspection, opaque token',
      'refresh with ES256 ID token',
      'journey, ES256 ID token',
      'journey, RS256 ID token',
    ],
  },
  remove,
)
