// Requests that are signed, and answers that are signed, encrypted, or about another identifier: OpenID Connect Core
// §5.3.2, §6, §8 and §10.

import { type CryptoKey, decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from 'jose'
import { promised } from '../promise.ts'
import { CALLBACK, KEYS, type Provider, Session, send } from '../provider.ts'

const REFUSED = { at: 'client', error: 'invalid_request_object' }
const PAGE = { at: 'error page' }
const SIGN_IN = { at: 'sign-in page' }

type Claims = Readonly<Record<string, unknown>>

function claimsFor({ issuer }: Provider, changes: Claims): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1_000)
  return {
    iss: 'signer',
    aud: issuer,
    // The clock of ours stands still, and this request comes later.
    iat: now - 300,
    exp: now + 300,
    client_id: 'signer',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid profile',
    ...changes,
  }
}

async function signed(provider: Provider, changes: Claims = {}, key: CryptoKey = KEYS.signer.privateKey) {
  return new SignJWT(claimsFor(provider, changes)).setProtectedHeader({ alg: 'ES256', kid: 'signer' }).sign(key)
}

/** Without a state outside, so that it does not matter whose state a refusal repeats. */
const asked = async (provider: Provider, request: string, parameters: Readonly<Record<string, string>> = {}) => {
  const { at, error } = await new Session(provider, 'signer').ask({ state: undefined, ...parameters, request })
  return { at: String(at), ...(error !== undefined && { error }) }
}

const refused = (promise: string, changes: (provider: Provider) => Claims) =>
  promised('RFC 9101 §6', promise, REFUSED, async (provider) =>
    asked(provider, await signed(provider, changes(provider))),
  )

export const requestObjects = [
  promised('OpenID Connect Core §6.1', 'a signed request object is the request', SIGN_IN, async (provider) =>
    asked(provider, await signed(provider)),
  ),
  promised(
    'OpenID Connect Core §6.1',
    'what is inside a request object wins over what is outside',
    { state: 'inside', nonce: 'inside' },
    async (provider) => {
      const session = new Session(provider, 'signer')
      const request = await signed(provider, { state: 'inside', nonce: 'inside' })
      const answer = await session.answer({ state: 'outside', nonce: 'outside', request })
      const { body } = await session.redeem(answer.searchParams.get('code') ?? '')
      return {
        state: String(answer.searchParams.get('state')),
        nonce: String(decodeJwt(String(body['id_token']))['nonce']),
      }
    },
  ),
  promised('RFC 9101 §6.1', 'a request object that is signed with another key is refused', REFUSED, async (provider) =>
    asked(provider, await signed(provider, {}, KEYS.foreign.privateKey)),
  ),
  promised('RFC 9101 §10.1', 'a request object without a signature is refused', REFUSED, async (provider) =>
    asked(provider, new UnsecuredJWT(claimsFor(provider, {})).encode()),
  ),
  promised('RFC 9101 §6', 'what is no JWT at all is refused', REFUSED, (provider) => asked(provider, 'not-a-jwt')),
  refused('a request object inside a request object is refused', () => ({ request: 'x' })),
  refused('an address of a request object inside one is refused', () => ({ request_uri: 'https://client.test/r' })),
  refused('a request object that has expired is refused', () => ({ exp: Math.floor(Date.now() / 1_000) - 600 })),
  refused('a request object for another server is refused', () => ({ aud: 'https://other.test' })),
  refused('a request object of another issuer is refused', () => ({ iss: 'web' })),
  refused('a request object with another client_id is refused', () => ({ client_id: 'web' })),
  promised('RFC 9101 §6.3', 'another redirect URI inside a request object is told on a page', PAGE, async (provider) =>
    asked(provider, await signed(provider, { redirect_uri: 'https://evil.test/callback' })),
  ),
  promised(
    'RFC 9101 §5',
    'a request object by value and by reference at once is refused',
    { at: 'client', error: 'invalid_request' },
    async (provider) => asked(provider, await signed(provider), { request_uri: 'https://client.test/request' }),
  ),
  promised(
    'OpenID Connect Core §6.2',
    'an address of a request object that is not registered is refused',
    { at: 'client', error: 'invalid_request_uri' },
    async (provider) => {
      const parameters = { state: undefined, request_uri: 'https://client.test/request' }
      const { at, error } = await new Session(provider, 'signer').ask(parameters)
      return { at: String(at), error: String(error) }
    },
  ),
  promised(
    'OpenID Connect Core §8',
    'a pairwise client knows the person by one identifier everywhere, and not by the public one',
    { status: 200, same: true, public: false },
    async (provider) => {
      const session = new Session(provider, 'pair')
      const { access, id } = await session.tokens()
      const { status, body } = await session.userinfo(access)
      const introspected = await session.introspect(access)
      const { sub } = decodeJwt(id)
      return { status, same: sub === body['sub'] && sub === introspected.body['sub'], public: sub === 'user-alice' }
    },
  ),
  promised(
    'OpenID Connect Core §10.2',
    'an encrypted ID token names the key of the client, and holds a JWT',
    { alg: 'ECDH-ES', enc: 'A128GCM', kid: 'reader', cty: 'JWT' },
    async (provider) => {
      const { id } = await new Session(provider, 'reader').tokens()
      const { alg, enc, kid, cty } = decodeProtectedHeader(id) as Readonly<Record<string, string>>
      return { alg: String(alg), enc: String(enc), kid: String(kid), cty: String(cty) }
    },
  ),
  promised(
    'OpenID Connect Core §5.3.2',
    'signed user info is a JWT that names issuer and client',
    { status: 200, type: 'application/jwt', iss: true, aud: 'reader', sub: 'user-alice' },
    async (provider) => {
      const { access } = await new Session(provider, 'reader').tokens()
      const { status, headers, text } = await send(provider.endpoints.userinfo, {
        headers: { authorization: `Bearer ${access}` },
      })
      const { iss, aud, sub } = decodeJwt(text)
      const type = (headers.get('content-type') ?? '').split(';')[0] ?? ''
      return { status, type, iss: iss === provider.issuer, aud: String(aud), sub: String(sub) }
    },
  ),
]
