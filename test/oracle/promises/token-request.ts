// The token endpoint: who asks, with what, and how often.

import { basic } from '../../support/relying-party.ts'
import { promised } from '../promise.ts'
import { CHALLENGE, type Provider, SECRET, Session, type Tokens, told, VERIFIER } from '../provider.ts'

const INVALID_GRANT = { status: 400, error: 'invalid_grant' }
const INVALID_CLIENT = { status: 401, error: 'invalid_client', challenge: 'basic' }
const INVALID_REQUEST = { status: 400, error: 'invalid_request' }

async function signedIn(provider: Provider): Promise<{ readonly session: Session; readonly tokens: Tokens }> {
  const session = new Session(provider)
  return { session, tokens: await session.tokens() }
}

export const tokenRequest = [
  promised(
    'RFC 6749 §5.1',
    'a code gives what the specification lists',
    { status: 200, has: ['access_token', 'token_type', 'expires_in', 'id_token'] },
    async (provider) => {
      const session = new Session(provider)
      const members = ['access_token', 'token_type', 'expires_in', 'id_token', 'refresh_token']
      return told(await session.redeem(await session.code()), ...members)
    },
  ),
  promised('RFC 6749 §5.1', 'nobody keeps the reply', { cache: 'no-store', type: 'Bearer' }, async (provider) => {
    const session = new Session(provider)
    const { headers, body } = await session.redeem(await session.code())
    return { cache: headers.get('cache-control') ?? '', type: String(body['token_type']) }
  }),
  promised('RFC 6749 §4.1.2', 'a code is redeemed at most once', INVALID_GRANT, async (provider) => {
    const session = new Session(provider)
    const code = await session.code()
    await session.redeem(code)
    return told(await session.redeem(code))
  }),
  promised(
    'RFC 6749 §4.1.2',
    'a code that is used twice takes its tokens along',
    { status: 401, error: 'invalid_token', challenge: 'bearer' },
    async (provider) => {
      const session = new Session(provider)
      const code = await session.code()
      const { body } = await session.redeem(code)
      await session.redeem(code)
      return told(await session.userinfo(String(body['access_token'])))
    },
  ),
  promised('RFC 6749 §4.1.3', 'the code of another client is refused', INVALID_GRANT, async (provider) => {
    const session = new Session(provider)
    return told(await session.as('two').redeem(await session.code()))
  }),
  promised(
    'RFC 6749 §4.1.3',
    'another redirect_uri than at the authorization endpoint is refused',
    INVALID_GRANT,
    async (provider) => {
      const session = new Session(provider)
      return told(await session.redeem(await session.code(), { redirect_uri: 'https://client.test/elsewhere' }))
    },
  ),
  promised('RFC 6749 §4.1.3', 'a missing redirect_uri is refused', INVALID_GRANT, async (provider) => {
    const session = new Session(provider)
    return told(await session.redeem(await session.code(), { redirect_uri: undefined }))
  }),
  promised('RFC 6749 §5.2', 'an unknown code is refused', INVALID_GRANT, async (provider) =>
    told(await new Session(provider).redeem('x'.repeat(43))),
  ),
  promised('RFC 6749 §5.2', 'a missing code is refused', INVALID_REQUEST, async (provider) =>
    told(
      await new Session(provider).token({
        grant_type: 'authorization_code',
        redirect_uri: 'https://client.test/callback',
      }),
    ),
  ),
  promised('RFC 7636 §4.6', 'a wrong verifier is refused', INVALID_GRANT, async (provider) => {
    const session = new Session(provider)
    return told(await session.redeem(await session.code(CHALLENGE), { code_verifier: 'w'.repeat(43) }))
  }),
  promised('RFC 7636 §4.6', 'a missing verifier is refused', INVALID_GRANT, async (provider) => {
    const session = new Session(provider)
    return told(await session.redeem(await session.code(CHALLENGE)))
  }),
  promised(
    'RFC 9700 §4.8.2',
    'a verifier to which no challenge was sent is refused',
    INVALID_GRANT,
    async (provider) => {
      const session = new Session(provider)
      return told(await session.redeem(await session.code(), { code_verifier: VERIFIER }))
    },
  ),
  promised('RFC 6749 §5.2', 'a wrong secret is refused', INVALID_CLIENT, async (provider) => {
    const wrong = { authorization: basic('web', 'not the secret') }
    return told(await new Session(provider).token({ grant_type: 'client_credentials' }, wrong))
  }),
  promised('RFC 6749 §5.2', 'an unknown client is refused', INVALID_CLIENT, async (provider) => {
    const wrong = { authorization: basic('nobody', 'not the secret') }
    return told(await new Session(provider).token({ grant_type: 'client_credentials' }, wrong))
  }),
  promised('RFC 6749 §2.3', 'two ways of proving itself at once are refused', INVALID_REQUEST, async (provider) => {
    const session = new Session(provider)
    return told(await session.redeem(await session.code(), { client_id: 'web', client_secret: SECRET }))
  }),
  promised(
    'RFC 6749 §2.3.1',
    'the secret in the body is taken from a client that is registered for the header',
    { status: 200 },
    async (provider) => {
      const session = new Session(provider)
      return told(await session.redeem(await session.code(), { client_id: 'web', client_secret: SECRET }, {}))
    },
  ),
  promised('RFC 6749 §2.3.1', 'a failed proof leaves the code as it was', { status: 200 }, async (provider) => {
    const session = new Session(provider)
    const code = await session.code()
    await session.redeem(code, {}, { authorization: basic('web', 'not the secret') })
    return told(await session.redeem(code))
  }),
  promised('RFC 6749 §5.2', 'a missing grant_type is refused', INVALID_REQUEST, async (provider) =>
    told(await new Session(provider).token({ code: 'x' })),
  ),
  promised(
    'RFC 6749 §5.2',
    'an unknown grant_type is refused',
    { status: 400, error: 'unsupported_grant_type' },
    async (provider) => told(await new Session(provider).token({ grant_type: 'urn:example:none' })),
  ),
  promised(
    'RFC 6749 §5.2',
    'a grant_type that the client is not registered for is refused',
    { status: 400, error: 'unauthorized_client' },
    async (provider) => told(await new Session(provider).token({ grant_type: 'client_credentials' })),
  ),
  promised('RFC 6749 §3.2', 'a parameter that is sent twice is refused', INVALID_REQUEST, async (provider) => {
    const session = new Session(provider)
    const code = await session.code()
    const body = `grant_type=authorization_code&code=${code}&code=${code}&redirect_uri=https%3A%2F%2Fclient.test%2Fcallback`
    const headers = { authorization: basic('web', SECRET), 'content-type': 'application/x-www-form-urlencoded' }
    const reply = await fetch(provider.endpoints.token, { method: 'POST', headers, body })
    const { error } = (await reply.json()) as { error: string }
    return { status: reply.status, error }
  }),
  promised(
    'RFC 6749 §4.4',
    'a client speaks for itself',
    { status: 200, has: ['access_token', 'scope'] },
    async (provider) =>
      told(
        await new Session(provider, 'machine').token({ grant_type: 'client_credentials', scope: 'read' }),
        'access_token',
        'scope',
        'refresh_token',
        'id_token',
      ),
  ),
  promised(
    'RFC 6749 §6',
    'a refresh token gives new tokens',
    { status: 200, has: ['access_token', 'refresh_token', 'id_token'] },
    async (provider) => {
      const { session, tokens } = await signedIn(provider)
      return told(await session.refresh(tokens.refresh), 'access_token', 'refresh_token', 'id_token')
    },
  ),
  promised('RFC 6749 §6', 'the refresh token of another client is refused', INVALID_GRANT, async (provider) => {
    const { session, tokens } = await signedIn(provider)
    return told(await session.as('two').refresh(tokens.refresh))
  }),
  promised(
    'RFC 6749 §6',
    'a scope that was never asked for is refused',
    { status: 400, error: 'invalid_scope' },
    async (provider) => {
      const { session, tokens } = await signedIn(provider)
      return told(await session.refresh(tokens.refresh, { scope: 'openid profile email' }))
    },
  ),
  promised('RFC 6749 §6', 'a narrower scope is given', { status: 200, scope: 'openid' }, async (provider) => {
    const { session, tokens } = await signedIn(provider)
    const { status, body } = await session.refresh(tokens.refresh, { scope: 'openid' })
    return { status, scope: String(body['scope']) }
  }),
  promised('RFC 6749 §5.2', 'an access token is no refresh token', INVALID_GRANT, async (provider) => {
    const { session, tokens } = await signedIn(provider)
    return told(await session.refresh(tokens.access))
  }),
  promised(
    'RFC 9700 §4.14.2',
    'a repeat of the last refresh request is answered with the same tokens',
    { status: 200, same: true },
    async (provider) => {
      const { session, tokens } = await signedIn(provider)
      const first = await session.refresh(tokens.refresh)
      const second = await session.refresh(tokens.refresh)
      return { status: second.status, same: second.body['refresh_token'] === first.body['refresh_token'] }
    },
  ),
]
