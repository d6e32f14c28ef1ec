// Tokens where they are shown: user info, introspection, revocation, sign-out.

import { promised } from '../promise.ts'
import { type Provider, Session, SIGNED_OUT, seen, send, type Tokens, told } from '../provider.ts'

const INVALID_TOKEN = { status: 401, error: 'invalid_token', challenge: 'bearer' }
const INACTIVE = { status: 200, members: ['active'], active: false }

async function signedIn(provider: Provider): Promise<{ readonly session: Session; readonly tokens: Tokens }> {
  const session = new Session(provider)
  return { session, tokens: await session.tokens() }
}

async function introspected(session: Session, token: string) {
  const { status, body } = await session.introspect(token)
  return { status, members: Object.keys(body).sort(), active: body['active'] === true }
}

export const tokensInUse = [
  promised(
    'OpenID Connect Core §5.3.2',
    'user info names the person of the ID token',
    { status: 200, sub: 'user-alice', name: 'Name of alice' },
    async (provider) => {
      const { session, tokens } = await signedIn(provider)
      const { status, body } = await session.userinfo(tokens.access)
      return { status, sub: String(body['sub']), name: String(body['name']) }
    },
  ),
  promised('OpenID Connect Core §5.3.1', 'user info is told by POST too', { status: 200 }, async (provider) => {
    const { session, tokens } = await signedIn(provider)
    return told(await session.userinfo(tokens.access, { method: 'POST' }))
  }),
  promised(
    'OpenID Connect Core §5.4',
    'a scope that was not asked for gives no claims',
    { status: 200, email: false },
    async (provider) => {
      const { session, tokens } = await signedIn(provider)
      const { status, body } = await session.userinfo(tokens.access)
      return { status, email: 'email' in body }
    },
  ),
  promised(
    'RFC 6750 §3.1',
    'without a token no error is named',
    { status: 401, challenge: 'bearer', named: false },
    async (provider) => {
      const { status, headers } = await send(provider.endpoints.userinfo, {})
      const challenge = headers.get('www-authenticate') ?? ''
      return { status, challenge: (challenge.split(' ')[0] ?? '').toLowerCase(), named: challenge.includes('error=') }
    },
  ),
  promised('RFC 6750 §3.1', 'an unknown token is refused', INVALID_TOKEN, async (provider) =>
    told(await new Session(provider).userinfo('x'.repeat(43))),
  ),
  promised('RFC 6750 §3.1', 'a refresh token is no access token', INVALID_TOKEN, async (provider) => {
    const { session, tokens } = await signedIn(provider)
    return told(await session.userinfo(tokens.refresh))
  }),
  promised('RFC 8725 §3.11', 'an ID token is no access token', INVALID_TOKEN, async (provider) => {
    const { session, tokens } = await signedIn(provider)
    return told(await session.userinfo(tokens.id))
  }),
  promised(
    'RFC 6750 §3.1',
    'a token without openid is told as insufficient_scope',
    { status: 403, error: 'insufficient_scope' },
    async (provider) => {
      const session = new Session(provider)
      const { body } = await session.redeem(await session.code({ scope: 'profile' }))
      return told(await session.userinfo(String(body['access_token'])))
    },
  ),
  promised(
    'RFC 6750 §2',
    'different tokens in header and body are refused',
    { status: 400, error: 'invalid_request' },
    async (provider) => {
      const { session, tokens } = await signedIn(provider)
      const { access } = await session.tokens()
      const body = new URLSearchParams({ access_token: access })
      return told(await session.userinfo(tokens.access, { method: 'POST', body }))
    },
  ),
  promised(
    'RFC 7662 §2.2',
    'a live access token is active',
    { status: 200, active: true, client: 'web' },
    async (provider) => {
      const { session, tokens } = await signedIn(provider)
      const { status, body } = await session.introspect(tokens.access)
      return { status, active: body['active'] === true, client: String(body['client_id']) }
    },
  ),
  promised('RFC 7662 §2.2', 'of an unknown token nothing is told', INACTIVE, async (provider) =>
    introspected(new Session(provider), 'x'.repeat(43)),
  ),
  promised('RFC 7662 §4', "another client learns nothing of a client's token", INACTIVE, async (provider) => {
    const { session, tokens } = await signedIn(provider)
    return introspected(session.as('two'), tokens.access)
  }),
  promised(
    'RFC 7662 §2.1',
    'a public client may not ask',
    { status: 401, error: 'invalid_client' },
    async (provider) => {
      const { tokens } = await signedIn(provider)
      const reply = await send(provider.endpoints.introspect, {
        method: 'POST',
        body: new URLSearchParams({ token: tokens.access, client_id: 'page' }),
      })
      return { status: reply.status, error: String(reply.body['error']) }
    },
  ),
  promised('RFC 7009 §2.2', 'an unknown token is as good as revoked', { status: 200 }, async (provider) =>
    told(await new Session(provider).revoke('x'.repeat(43))),
  ),
  promised('RFC 7009 §2.1', 'a revoked access token is dead', INVALID_TOKEN, async (provider) => {
    const { session, tokens } = await signedIn(provider)
    await session.revoke(tokens.access)
    return told(await session.userinfo(tokens.access))
  }),
  promised(
    'RFC 7009 §2.1',
    'a revoked access token leaves the refresh token alive',
    { status: 200 },
    async (provider) => {
      const { session, tokens } = await signedIn(provider)
      await session.revoke(tokens.access)
      return told(await session.refresh(tokens.refresh))
    },
  ),
  promised(
    'RFC 7009 §2.1',
    'a revoked refresh token takes its access tokens along',
    INVALID_TOKEN,
    async (provider) => {
      const { session, tokens } = await signedIn(provider)
      await session.revoke(tokens.refresh)
      return told(await session.userinfo(tokens.access))
    },
  ),
  promised('RFC 7009 §2.1', 'a wrong hint changes nothing', INVALID_TOKEN, async (provider) => {
    const { session, tokens } = await signedIn(provider)
    await session.revoke(tokens.access, { token_type_hint: 'refresh_token' })
    return told(await session.userinfo(tokens.access))
  }),
  promised('RFC 7009 §2.1', "another client cannot revoke a client's token", { status: 200 }, async (provider) => {
    const { session, tokens } = await signedIn(provider)
    await session.as('two').revoke(tokens.access)
    return told(await session.userinfo(tokens.access))
  }),
  promised('OpenID RP-Initiated Logout §2', 'a sign-out asks', { at: 'sign-out page' }, async (provider) => {
    const { session } = await signedIn(provider)
    return seen(await session.visitor.follow(await session.endSession({})))
  }),
  promised(
    'OpenID RP-Initiated Logout §3',
    'a redirect URI that is not registered is told on a page',
    { at: 'error page' },
    async (provider) => {
      const { session, tokens } = await signedIn(provider)
      const elsewhere = { id_token_hint: tokens.id, post_logout_redirect_uri: 'https://client.test/elsewhere' }
      return seen(await session.visitor.follow(await session.endSession(elsewhere)))
    },
  ),
  promised(
    'OpenID RP-Initiated Logout §2',
    'a hint and a registered redirect URI sign out and lead back',
    { left: SIGNED_OUT, state: 's', again: 'sign-in page' },
    async (provider) => {
      const { session, tokens } = await signedIn(provider)
      const back = { id_token_hint: tokens.id, post_logout_redirect_uri: SIGNED_OUT, state: 's' }
      let page = await session.visitor.follow(await session.endSession(back))
      if (page.html.includes('id="logout-confirm"')) {
        page = await session.visitor.follow(await session.visitor.submit(page, 'logout-confirm'))
      }
      const left = new URL(page.location ?? page.url)
      const { at } = await session.ask()
      return { left: left.origin + left.pathname, state: left.searchParams.get('state') ?? '', again: String(at) }
    },
  ),
  promised(
    'RFC 7517 §5',
    'the published keys hold nothing private',
    { status: 200, keys: true, secret: false },
    async (provider) => {
      const { status, body } = await send(provider.endpoints.jwks, {})
      const keys = Array.isArray(body['keys']) ? (body['keys'] as readonly object[]) : []
      const hidden = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']
      return { status, keys: keys.length > 0, secret: keys.some((key) => hidden.some((name) => name in key)) }
    },
  ),
]
