// oidc-provider with an adapter on SQLite. Clients are in its memory, as its documentation has them; the user's session
// and grant are made before the run, and every refresh rotates, as ours does.

import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'
import { report } from '../../dist/bench/reporting.js'
import { CALLBACK, openDatabase, SCOPE, SECRET } from './database.js'

const { database, remove } = openDatabase()
database.exec(`
  CREATE TABLE record (key TEXT PRIMARY KEY, payload TEXT NOT NULL, grant_id TEXT, uid TEXT, user_code TEXT,
    consumed INTEGER, expires INTEGER) WITHOUT ROWID;
  CREATE INDEX record_grant_id ON record (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX record_uid ON record (uid) WHERE uid IS NOT NULL;
`)
const put = database.prepare(`INSERT INTO record VALUES (?, ?, ?, ?, ?, NULL, ?) ON CONFLICT (key) DO UPDATE SET
  payload = excluded.payload, grant_id = excluded.grant_id, uid = excluded.uid, expires = excluded.expires`)
const get = database.prepare('SELECT payload, consumed, expires FROM record WHERE key = ?')
const getByUid = database.prepare('SELECT payload, consumed, expires FROM record WHERE uid = ?')
const use = database.prepare('UPDATE record SET consumed = ? WHERE key = ?')
const drop = database.prepare('DELETE FROM record WHERE key = ?')
const dropGrant = database.prepare('DELETE FROM record WHERE grant_id = ?')
const now = () => Math.floor(Date.now() / 1000)

function read(row) {
  if (row === undefined || (row.expires !== null && row.expires <= now())) return undefined
  const payload = JSON.parse(row.payload)
  return row.consumed === null ? payload : { ...payload, consumed: row.consumed }
}

class SqliteAdapter {
  constructor(model) {
    this.model = model
  }
  async upsert(id, payload, expiresIn) {
    const expires = expiresIn === undefined ? null : now() + expiresIn
    const { grantId = null, uid = null, userCode = null } = payload
    put.run(
      `${this.model}:${id}`,
      JSON.stringify(payload),
      grantId,
      this.model === 'Session' ? uid : null,
      userCode,
      expires,
    )
  }
  async find(id) {
    return read(get.get(`${this.model}:${id}`))
  }
  async findByUid(uid) {
    return read(getByUid.get(uid))
  }
  async findByUserCode() {
    return undefined
  }
  async consume(id) {
    use.run(now(), `${this.model}:${id}`)
  }
  async destroy(id) {
    drop.run(`${this.model}:${id}`)
  }
  async revokeByGrantId(grantId) {
    dropGrant.run(grantId)
  }
}

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
const client = (algorithm) => ({
  client_id: algorithm.toLowerCase(),
  client_secret: SECRET,
  redirect_uris: [CALLBACK],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  response_types: ['code'],
  scope: SCOPE,
  id_token_signed_response_alg: algorithm,
  token_endpoint_auth_method: 'client_secret_basic',
})

const server = createServer()
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${server.address().port}`
const provider = new Provider(issuer, {
  adapter: SqliteAdapter,
  clients: [client('ES256'), client('RS256')],
  jwks: {
    keys: [
      { ...ec, alg: 'ES256', use: 'sig' },
      { ...rsa, alg: 'RS256', use: 'sig' },
    ],
  },
  scopes: [...SCOPE.split(' '), 'offline_access'],
  claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, name: 'Bench', email: 'bench@example.com', email_verified: true }),
  }),
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: async () => undefined,
      useGrantedResource: async () => false,
      getResourceServerInfo: async (_, audience) => ({
        audience,
        scope: 'api',
        accessTokenTTL: 3600,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  pkce: { required: () => false },
  rotateRefreshToken: true,
  issueRefreshToken: async () => true,
  ttl: {
    AccessToken: 3600,
    AuthorizationCode: 60,
    ClientCredentials: 3600,
    IdToken: 3600,
    RefreshToken: 30 * 86_400,
    Session: 86_400,
    Grant: 180 * 86_400,
    Interaction: 1800,
  },
})
const handle = provider.callback()
server.on('request', (req, res) => void handle(req, res))

const session = new provider.Session()
session.loginAccount({ accountId: 'bench-user', amr: ['pwd'] })
for (const clientId of ['es256', 'rs256']) {
  const grant = new provider.Grant({ accountId: 'bench-user', clientId })
  grant.addOIDCScope(SCOPE)
  session.grantIdFor(clientId, await grant.save(180 * 86_400))
  session.sidFor(clientId, `sid-${clientId}`)
}
await session.save(86_400)

report(
  {
    issuer,
    secret: SECRET,
    cookie: `_session=${session.jti}`,
    paths: {
      discovery: '/.well-known/openid-configuration',
      authorize: '/auth',
      token: '/token',
      userinfo: '/me',
      introspect: '/token/introspection',
    },
    // It keeps no JWT, and introspects none.
    lacks: ['introspection, JWT'],
  },
  remove,
)
