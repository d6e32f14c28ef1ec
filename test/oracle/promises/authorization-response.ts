// What comes back to the client when a person has signed in, and when they return.

import { decodeJwt } from 'jose'
import { promised } from '../promise.ts'
import { CALLBACK, CHALLENGE, type Provider, Session, STATE } from '../provider.ts'

const CODE = { at: 'client', gives: 'code', state: 'unchanged' }

/** A person who has signed in and said yes to this client. */
async function known(provider: Provider): Promise<Session> {
  const session = new Session(provider)
  await session.answer()
  return session
}

export const authorizationResponse = [
  promised(
    'RFC 6749 §4.1.2',
    'a state with ampersand and equals sign comes back as it was',
    { code: true, state: true, where: CALLBACK },
    async (provider) => {
      const answer = await new Session(provider).answer()
      const { searchParams } = answer
      return {
        code: searchParams.has('code'),
        state: searchParams.get('state') === STATE,
        where: answer.origin + answer.pathname,
      }
    },
  ),
  promised('RFC 6749 §4.1.2', 'without a state none comes back', { state: false }, async (provider) => {
    const answer = await new Session(provider).answer({ state: undefined })
    return { state: answer.searchParams.has('state') }
  }),
  promised('RFC 9207 §2', 'the answer names the issuer', { iss: true }, async (provider) => {
    const answer = await new Session(provider).answer()
    return { iss: answer.searchParams.get('iss') === provider.issuer }
  }),
  promised(
    'RFC 6749 §3.1.2',
    'the query of a registered redirect URI stays',
    { registered: 'query', code: true },
    async (provider) => {
      const redirect = { redirect_uri: 'https://client.test/Callback?registered=query' }
      const { searchParams } = await new Session(provider, 'two').answer(redirect)
      return { registered: searchParams.get('registered') ?? '', code: searchParams.has('code') }
    },
  ),
  promised(
    'OpenID Connect Core §3.1.2.3',
    'who has signed in and said yes is not asked again',
    CODE,
    async (provider) => (await known(provider)).ask(),
  ),
  promised('OpenID Connect Core §3.1.2.1', 'prompt=none gives a code to who has said yes', CODE, async (provider) =>
    (await known(provider)).ask({ prompt: 'none' }),
  ),
  promised(
    'OpenID Connect Core §3.1.2.6',
    'prompt=none without a yes is told as consent_required',
    { at: 'client', error: 'consent_required', state: 'unchanged' },
    async (provider) => (await known(provider)).as('new').ask({ prompt: 'none' }),
  ),
  promised('OpenID Connect Core §3.1.2.1', 'prompt=login asks again', { at: 'sign-in page' }, async (provider) =>
    (await known(provider)).ask({ prompt: 'login' }),
  ),
  promised('OpenID Connect Core §3.1.2.1', 'prompt=consent asks again', { at: 'consent page' }, async (provider) =>
    (await known(provider)).ask({ prompt: 'consent' }),
  ),
  promised('OpenID Connect Core §3.1.2.1', 'max_age=0 asks again', { at: 'sign-in page' }, async (provider) =>
    (await known(provider)).ask({ max_age: '0' }),
  ),
  promised('OpenID Connect Core §3.1.2.1', 'a large max_age asks nobody', CODE, async (provider) =>
    (await known(provider)).ask({ max_age: '1000' }),
  ),
  promised(
    'OpenID Connect Core §3.1.2.4',
    'a scope that was not consented to asks again',
    { at: 'consent page' },
    async (provider) => (await known(provider)).ask({ scope: 'openid profile email' }),
  ),
  promised(
    'OpenID Connect Core §3.1.2.1',
    'a hint of the person who is signed in asks nobody',
    CODE,
    async (provider) => {
      const session = await known(provider)
      const { body } = await session.redeem(await session.code())
      return session.ask({ prompt: 'none', id_token_hint: String(body['id_token']) })
    },
  ),
  promised(
    'OpenID Connect Core §2',
    'the ID token names issuer, client, nonce and the time of the sign-in when max_age was sent',
    { iss: true, aud: 'web', nonce: 'of-this-test', timed: true, lives: true },
    async (provider) => {
      const session = new Session(provider)
      const { body } = await session.redeem(await session.code({ nonce: 'of-this-test', max_age: '1000' }))
      const { iss, aud, nonce, auth_time: time, exp = 0, iat = 0 } = decodeJwt(String(body['id_token']))
      const audience = Array.isArray(aud) ? aud.join(' ') : (aud ?? '')
      return {
        iss: iss === provider.issuer,
        aud: audience,
        nonce: String(nonce),
        timed: typeof time === 'number',
        lives: exp > iat,
      }
    },
  ),
  promised(
    'RFC 7636 §4.5',
    'challenge and verifier belong together',
    { status: 200, has: ['access_token'] },
    async (provider) => {
      const session = new Session(provider, 'page')
      const { status, body } = await session.redeem(await session.code(CHALLENGE))
      return { status, has: ['access_token'].filter((name) => name in body) }
    },
  ),
]
