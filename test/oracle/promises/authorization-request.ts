// What an authorization request must hold, and where its failure is told.

import { promised } from '../promise.ts'
import { CALLBACK, CHALLENGE, Session } from '../provider.ts'

const PAGE = { at: 'error page' }
const refused = (error: string) => ({ at: 'client', error, state: 'unchanged' })
const SIGN_IN = { at: 'sign-in page' }

export const authorizationRequest = [
  promised('RFC 6749 §4.1.1', 'a request that is as it should be leads to the sign-in page', SIGN_IN, (provider) =>
    new Session(provider).ask(),
  ),
  promised('RFC 6749 §4.1.2.1', 'an unknown client is told on a page', PAGE, (provider) =>
    new Session(provider).ask({ client_id: 'nobody' }),
  ),
  promised('RFC 6749 §4.1.2.1', 'a request without client_id is told on a page', PAGE, (provider) =>
    new Session(provider).ask({ client_id: undefined }),
  ),
  promised('RFC 6749 §3.1', 'a client_id that is sent twice is told on a page', PAGE, (provider) =>
    new Session(provider).askAs(`${new Session(provider).authorizeUrl()}&client_id=web`),
  ),
  promised('RFC 6749 §4.1.2.1', 'another redirect URI is told on a page', PAGE, (provider) =>
    new Session(provider).ask({ redirect_uri: 'https://client.test/elsewhere' }),
  ),
  promised('RFC 9700 §4.1.3', 'a redirect URI in another letter case is told on a page', PAGE, (provider) =>
    new Session(provider).ask({ redirect_uri: 'https://client.test/Callback' }),
  ),
  promised('RFC 9700 §4.1.3', 'a redirect URI with a slash at its end is told on a page', PAGE, (provider) =>
    new Session(provider).ask({ redirect_uri: `${CALLBACK}/` }),
  ),
  promised(
    'RFC 9700 §4.1.3',
    'a redirect URI with a query that is not registered is told on a page',
    PAGE,
    (provider) => new Session(provider).ask({ redirect_uri: `${CALLBACK}?added=1` }),
  ),
  promised('RFC 9700 §4.1.3', 'a redirect URI with a port that is not registered is told on a page', PAGE, (provider) =>
    new Session(provider).ask({ redirect_uri: 'https://client.test:443/callback' }),
  ),
  promised('RFC 9700 §4.1.3', 'a redirect URI with a user name in it is told on a page', PAGE, (provider) =>
    new Session(provider).ask({ redirect_uri: 'https://client.test@evil.test/callback' }),
  ),
  promised('RFC 9700 §4.1.3', 'the redirect URI of another client is told on a page', PAGE, (provider) =>
    new Session(provider).ask({ redirect_uri: 'https://client.test/Callback?registered=query' }),
  ),
  promised(
    'OpenID Connect Core §3.1.2.1',
    'an OpenID request without redirect_uri is told on a page',
    PAGE,
    (provider) => new Session(provider).ask({ redirect_uri: undefined }),
  ),
  promised('RFC 6749 §3.1.1', 'a missing response_type is told to the client', refused('invalid_request'), (provider) =>
    new Session(provider).ask({ response_type: undefined }),
  ),
  promised(
    'RFC 6749 §3.1.1',
    'an unknown response_type is told to the client',
    refused('unsupported_response_type'),
    (provider) => new Session(provider).ask({ response_type: 'cookie' }),
  ),
  promised(
    'RFC 6749 §3.1',
    'a parameter that is sent twice is told to the client',
    { at: 'client', error: 'invalid_request' },
    async (provider) => {
      const session = new Session(provider)
      return session.askAs(`${session.authorizeUrl({ state: undefined })}&nonce=a&nonce=b`)
    },
  ),
  promised('RFC 6749 §3.1', 'an unknown parameter is ignored', SIGN_IN, (provider) =>
    new Session(provider).ask({ extra: 'value' }),
  ),
  promised('RFC 6749 §3.3', 'an unknown scope beside openid is ignored', SIGN_IN, (provider) =>
    new Session(provider).ask({ scope: 'openid profile of-nobody' }),
  ),
  promised(
    'RFC 6749 §3.3',
    'a scope with forbidden characters is told to the client',
    refused('invalid_scope'),
    (provider) => new Session(provider).ask({ scope: 'openid "quoted"' }),
  ),
  promised(
    'OpenID Connect Core §3.1.2.6',
    'prompt=none without a session is told as login_required',
    refused('login_required'),
    (provider) => new Session(provider).ask({ prompt: 'none' }),
  ),
  promised(
    'OpenID Connect Core §3.1.2.1',
    'prompt=none with another value is told to the client',
    refused('invalid_request'),
    (provider) => new Session(provider).ask({ prompt: 'none login' }),
  ),
  promised(
    'OpenID Connect Core §3.1.2.1',
    'an unknown prompt is told to the client',
    refused('invalid_request'),
    (provider) => new Session(provider).ask({ prompt: 'perhaps' }),
  ),
  promised(
    'OpenID Connect Core §3.1.2.1',
    'a max_age that is no number is told to the client',
    refused('invalid_request'),
    (provider) => new Session(provider).ask({ max_age: 'soon' }),
  ),
  promised(
    'OpenID Connect Core §3.1.2.1',
    'a negative max_age is told to the client',
    refused('invalid_request'),
    (provider) => new Session(provider).ask({ max_age: '-1' }),
  ),
  promised(
    'OpenID Connect Core §3.1.2.1',
    'a hint that nobody here has signed is told to the client',
    refused('invalid_request'),
    (provider) => new Session(provider).ask({ id_token_hint: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.' }),
  ),
  promised(
    'OpenID Connect Core §5.5',
    'a claims parameter that is no JSON is told to the client',
    refused('invalid_request'),
    (provider) => new Session(provider).ask({ claims: '{' }),
  ),
  promised(
    'OAuth 2.0 Multiple Response Types §2.1',
    'an unknown response_mode is told to the client',
    refused('invalid_request'),
    (provider) => new Session(provider).ask({ response_mode: 'pigeon' }),
  ),
  promised('RFC 7636 §4.4.1', 'a public client without a challenge is told', refused('invalid_request'), (provider) =>
    new Session(provider, 'page').ask({ code_challenge: undefined, code_challenge_method: undefined }),
  ),
  promised('RFC 7636 §4.2', 'the method plain is refused', refused('invalid_request'), (provider) =>
    new Session(provider).ask({ ...CHALLENGE, code_challenge_method: 'plain' }),
  ),
  promised(
    'RFC 7636 §4.3',
    'a challenge without a method means plain and is refused',
    refused('invalid_request'),
    (provider) => new Session(provider).ask({ ...CHALLENGE, code_challenge_method: undefined }),
  ),
  promised('RFC 7636 §4.2', 'a challenge that no SHA-256 has is refused', refused('invalid_request'), (provider) =>
    new Session(provider).ask({ ...CHALLENGE, code_challenge: 'short' }),
  ),
]
