// better-auth with its OAuth provider on SQLite: client, user and session are made through its own API. It insists on
// PKCE with refresh tokens, gives refresh tokens with offline_access, and signs with one algorithm: ES256 here.

import { createServer } from 'node:http'
import { oauthProvider } from '@better-auth/oauth-provider'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { jwt } from 'better-auth/plugins'
import { report } from '../../dist/bench/reporting.js'
import { CALLBACK, openDatabase, SCOPE, SECRET } from './database.js'

const { database, remove } = openDatabase()
const server = createServer()
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${server.address().port}`
const options = {
  baseURL: issuer,
  secret: 'bench-secret-that-guards-nothing-at-all-0',
  database,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  disabledPaths: ['/token'],
  logger: { level: 'error' },
  plugins: [
    jwt({ jwks: { keyPairConfig: { alg: 'ES256' } } }),
    oauthProvider({
      loginPage: '/sign-in',
      consentPage: '/consent',
      scopes: [...SCOPE.split(' '), 'offline_access'],
      generateClientId: () => 'es256',
      generateClientSecret: () => SECRET,
      clientPrivileges: async () => true,
      accessTokenExpiresIn: 3600,
      refreshTokenExpiresIn: 30 * 86_400,
      codeExpiresIn: 60,
      silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
    }),
  ],
}
const auth = betterAuth(options)
const { runMigrations } = await getMigrations(auth.options)
await runMigrations()
const { headers } = await auth.api.signUpEmail({
  body: { email: 'bench@example.com', password: 'correct horse battery staple', name: 'Bench' },
  returnHeaders: true,
})
const cookie = headers
  .getSetCookie()
  .map((line) => line.split(';')[0])
  .join('; ')
await auth.api.adminCreateOAuthClient({
  headers: new Headers({ cookie, origin: issuer }),
  body: {
    client_name: 'bench',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
    response_types: ['code'],
    scope: `${SCOPE} offline_access`,
    client_credentials_scopes: ['api'],
    token_endpoint_auth_method: 'client_secret_basic',
    skip_consent: true,
  },
})
const handle = toNodeHandler(auth)
server.on('request', (req, res) => void handle(req, res))

report(
  {
    issuer,
    secret: SECRET,
    cookie,
    paths: {
      discovery: '/api/auth/.well-known/openid-configuration',
      authorize: '/api/auth/oauth2/authorize',
      token: '/api/auth/oauth2/token',
      userinfo: '/api/auth/oauth2/userinfo',
      introspect: '/api/auth/oauth2/introspect',
    },
    pkce: true,
    extraScope: 'offline_access',
    // JWTs for resources it has, and they are not set up here.
    lacks: ['journey, RS256 ID token', 'client_credentials, ES256 JWT', 'introspection, JWT'],
  },
  remove,
)
