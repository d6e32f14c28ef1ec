// An MCP server that lets people in by Lingpai: the MCP authorization specification, from the side of the resource.
// ISSUER is where Lingpai answers, RESOURCE what this server is called there (lingpai resource add RESOURCE).

import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import express from 'express'
import { createRemoteJWKSet, errors, jwtVerify } from 'jose'

const port = Number(process.env['PORT'] ?? 4002)
const issuer = process.env['ISSUER'] ?? 'http://localhost:4000'
const resource = process.env['RESOURCE'] ?? `http://localhost:${port}/mcp`
const scope = 'tools'

// RFC 8414 §3: the path of the issuer goes behind the well-known one.
const { origin, pathname } = new URL(issuer)
const wellKnown = `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`
const found = await fetch(wellKnown).catch(() => null)
if (!found?.ok) {
  console.error(`No metadata at ${wellKnown}: start Lingpai (npm start), or say with ISSUER where it answers`)
  process.exit(1)
}
const { jwks_uri } = (await found.json()) as { jwks_uri: string }
const keys = createRemoteJWKSet(new URL(jwks_uri))

const app = express()
const own = new URL(resource)

// RFC 9728 §3.1: where clients learn who issues tokens for this server. MCP clients ask for the scopes that stand here,
// and get a refresh token for offline_access only.
const about = `/.well-known/oauth-protected-resource${own.pathname}`
app.get(about, (_request, reply) => {
  reply.json({ resource, authorization_servers: [issuer], scopes_supported: [scope, 'offline_access'] })
})

const guard = requireBearerAuth({
  requiredScopes: [scope],
  resourceMetadataUrl: `${own.origin}${about}`,
  verifier: {
    async verifyAccessToken(token) {
      try {
        // RFC 9068 §4: from this issuer, for this server and no other, of this type, alive, and signed.
        const { payload } = await jwtVerify(token, keys, { issuer, audience: resource, typ: 'at+jwt' })
        const { client_id: clientId, scope: scopes, exp: expiresAt = 0, sub, cnf } = payload
        // RFC 9449 §7.2: a token that is bound to a key is no bearer token.
        if (cnf !== undefined) throw new InvalidTokenError('bound to a key')
        if (typeof clientId !== 'string' || typeof scopes !== 'string') throw new InvalidTokenError('incomplete')
        return { token, clientId, scopes: scopes.split(' '), expiresAt, resource: own, extra: { sub } }
      } catch (error) {
        throw error instanceof errors.JOSEError ? new InvalidTokenError(error.message) : error
      }
    },
  },
})

app.post(own.pathname, guard, express.json(), (request, reply) => void answer(request, reply))

/** One server and one transport a request: nothing is kept between them. */
async function answer(request: express.Request, reply: express.Response): Promise<void> {
  const server = new McpServer({ name: 'example', version: '1.0.0' })
  server.registerTool('whoami', { description: 'Says for whom this client works' }, ({ authInfo }) => ({
    content: [{ type: 'text', text: String(authInfo?.extra?.['sub']) }],
  }))
  const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
  reply.on('close', () => void server.close())
  await server.connect(transport)
  await transport.handleRequest(request, reply, request.body)
}

app.listen(port, 'localhost', () => {
  console.log(`listening at ${resource}`)
})
