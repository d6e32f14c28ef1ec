// An API that accepts access tokens of Lingpai and verifies them by itself (RFC 9068), with a library of its own.
// ISSUER is where Lingpai answers, RESOURCE what this API is called there (lingpai resource add RESOURCE).

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import { provenKey } from './proof.ts'

const port = Number(process.env['PORT'] ?? 4001)
const issuer = process.env['ISSUER'] ?? 'http://localhost:4000'
const resource = process.env['RESOURCE'] ?? `http://localhost:${port}/videos`
const scope = 'read'

// RFC 8414 §3: the path of the issuer goes behind the well-known one.
const { origin, pathname } = new URL(issuer)
const wellKnown = `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`
const found = await fetch(wellKnown).catch(() => null)
if (!found?.ok) {
  console.error(`No metadata at ${wellKnown}: start Lingpai (npm start), or say with ISSUER where it answers`)
  process.exit(1)
}
const metadata = (await found.json()) as { issuer: string; jwks_uri: string }
const keys = createRemoteJWKSet(new URL(metadata.jwks_uri))

// RFC 9728 §3.1: where clients learn who issues tokens for this API.
const own = new URL(resource)
const about = `${own.origin}/.well-known/oauth-protected-resource${own.pathname === '/' ? '' : own.pathname}`

createServer((request, reply) => void answer(request, reply)).listen(port, 'localhost', () => {
  console.log(`listening at ${resource}`)
})

async function answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', own).pathname
  if (path === new URL(about).pathname) {
    send(reply, 200, { resource, authorization_servers: [issuer], scopes_supported: [scope] })
    return
  }
  if (path !== own.pathname) return send(reply, 404, { error: 'not_found' })
  const [scheme, token] = (request.headers.authorization ?? '').split(' ')
  const isBound = scheme?.toLowerCase() === 'dpop'
  if (token === undefined || !(isBound || scheme?.toLowerCase() === 'bearer')) return refuse(reply, 401, null)
  try {
    // RFC 9068 §4: from this issuer, for this API and no other, of this type, alive, and signed.
    const { payload } = await jwtVerify(token, keys, { issuer, audience: resource, typ: 'at+jwt' })
    // RFC 9449 §7: a token that is bound to a key opens nothing without it, and is never a bearer token.
    const proof = isBound ? String(request.headers['dpop']) : null
    const key =
      proof === null ? undefined : await provenKey(proof, { method: request.method ?? '', url: resource, token })
    if ((payload['cnf'] as { jkt?: string } | undefined)?.jkt !== key) return refuse(reply, 401, 'invalid_token')
    const scopes = typeof payload['scope'] === 'string' ? payload['scope'].split(' ') : []
    if (!scopes.includes(scope)) return refuse(reply, 403, 'insufficient_scope')
    send(reply, 200, { hello: payload.sub, client: payload['client_id'] })
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error
    refuse(reply, 401, 'invalid_token')
  }
}

/** RFC 6750 §3, RFC 9728 §5.1. */
function refuse(reply: ServerResponse, status: 401 | 403, error: string | null): void {
  const wants = error === null ? '' : `error="${error}", scope="${scope}", `
  reply.setHeader('www-authenticate', `Bearer ${wants}resource_metadata="${about}"`)
  send(reply, status, { error: error ?? 'token_missing' })
}

function send(reply: ServerResponse, status: number, body: object): void {
  reply.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body))
}
