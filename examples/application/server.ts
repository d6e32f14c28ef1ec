// A web application that signs its people in with Lingpai, by OpenID Connect and a library of its own (openid-client).
// ISSUER, CLIENT_ID and CLIENT_SECRET are what `lingpai client add` prints; PORT is where this application answers.

import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import * as client from 'openid-client'

const { ISSUER = 'http://localhost:4000', CLIENT_ID = '', CLIENT_SECRET = '', PORT = '4003' } = process.env
const home = `http://localhost:${PORT}/`

/** What the application remembers of a browser, by a cookie; a real one keeps it in its database. */
interface Session {
  /** Of a sign-in that was begun: proof that its end belongs to this browser. */
  readonly pending?: { readonly verifier: string; readonly state: string }
  readonly person?: { readonly sub: string; readonly name: string; readonly idToken: string }
}
const sessions = new Map<string, Session>()

// Plain http is for trials on one machine: the library takes an https issuer only, unless told otherwise.
const trial = ISSUER.startsWith('http://') ? { execute: [client.allowInsecureRequests] } : undefined
const config = await client
  .discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, trial)
  .catch((error: unknown) => {
    console.error(`No metadata at ${ISSUER}: start Lingpai (npm start), or say with ISSUER where it answers`)
    console.error(error instanceof Error ? error.message : error)
    process.exit(1)
  })

createServer((request, reply) => {
  answer(request, reply).catch((error: unknown) => {
    // The trace of Lingpai says what was refused and why: npx lingpai trace
    console.error(error)
    if (!reply.headersSent) reply.writeHead(500, { 'content-type': 'text/plain' })
    reply.end('The sign-in failed. Try again.')
  })
}).listen(Number(PORT), 'localhost', () => {
  console.log(`listening at ${home}`)
})

async function answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', home)
  const id = /(?:^|; )session=([\w-]{36})/.exec(request.headers.cookie ?? '')?.[1]
  const session = (id === undefined ? undefined : sessions.get(id)) ?? {}
  switch (url.pathname) {
    case '/':
      reply.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
      reply.end(session.person ? `Hello ${session.person.name}. ${home}logout` : `Nobody is signed in. ${home}login`)
      return
    case '/login': {
      const pending = { verifier: client.randomPKCECodeVerifier(), state: client.randomState() }
      const target = client.buildAuthorizationUrl(config, {
        redirect_uri: `${home}callback`,
        scope: 'openid profile',
        state: pending.state,
        code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
      })
      return go(reply, target.href, keep({ pending }))
    }
    case '/callback': {
      // A sign-in that this browser has not begun is none.
      if (session.pending === undefined) return go(reply, home)
      const { verifier, state } = session.pending
      const tokens = await client.authorizationCodeGrant(config, url, {
        pkceCodeVerifier: verifier,
        expectedState: state,
      })
      const sub = tokens.claims()?.sub ?? ''
      const { name = sub } = await client.fetchUserInfo(config, tokens.access_token, sub)
      // Another session than the one of before the sign-in.
      if (id !== undefined) sessions.delete(id)
      return go(reply, home, keep({ person: { sub, name, idToken: tokens.id_token ?? '' } }))
    }
    case '/logout': {
      if (id !== undefined) sessions.delete(id)
      if (session.person === undefined) return go(reply, home)
      const parameters = { id_token_hint: session.person.idToken, post_logout_redirect_uri: home }
      return go(reply, client.buildEndSessionUrl(config, parameters).href)
    }
    default:
      reply.writeHead(404).end()
  }
}

function keep(session: Session): string {
  const id = randomUUID()
  sessions.set(id, session)
  return `session=${id}; Path=/; HttpOnly; SameSite=Lax`
}

function go(reply: ServerResponse, location: string, cookie?: string): void {
  reply.writeHead(303, { location, ...(cookie !== undefined && { 'set-cookie': cookie }) }).end()
}
