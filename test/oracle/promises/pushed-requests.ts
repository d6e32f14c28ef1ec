// Requests that a client sends ahead of the browser: RFC 9126.

import { basic } from '../../support/relying-party.ts'
import { promised } from '../promise.ts'
import { Session, told } from '../provider.ts'

const PAGE = { at: 'error page' }
const SIGN_IN = { at: 'sign-in page' }

const uriOf = async (session: Session, parameters: Readonly<Record<string, string>> = {}) =>
  String((await session.push(parameters)).body['request_uri'])

export const pushedRequests = [
  promised(
    'RFC 9126 §2.2',
    'a good request is answered with a reference and how long it is good',
    { status: 201, has: ['request_uri', 'expires_in'] },
    async (provider) => told(await new Session(provider).push(), 'request_uri', 'expires_in'),
  ),
  promised('RFC 9126 §4', 'its reference leads to the sign-in page', SIGN_IN, async (provider) => {
    const session = new Session(provider)
    return session.bring(await uriOf(session))
  }),
  promised(
    'RFC 9126 §2.1',
    'a client with another secret may not push',
    { status: 401, error: 'invalid_client', challenge: 'basic', has: [] },
    async (provider) =>
      told(await new Session(provider).push({}, { authorization: basic('web', 'wrong') }), 'request_uri'),
  ),
  promised(
    'RFC 9126 §2.1',
    'a public client names itself and pushes',
    { status: 201, has: ['request_uri'] },
    async (provider) => told(await new Session(provider, 'page').push(), 'request_uri'),
  ),
  promised(
    'RFC 9126 §2.1',
    'request_uri may not be pushed',
    { status: 400, error: 'invalid_request', has: [] },
    async (provider) => {
      const session = new Session(provider)
      return told(await session.push({ request_uri: await uriOf(session) }), 'request_uri')
    },
  ),
  promised(
    'RFC 9126 §2.3',
    'what the authorization endpoint would refuse is refused at once',
    { status: 400, error: 'unsupported_response_type', has: [] },
    async (provider) => told(await new Session(provider).push({ response_type: 'cookie' }), 'request_uri'),
  ),
  promised('RFC 9126 §4', 'the reference of another client is told on a page', PAGE, async (provider) => {
    const requestUri = await uriOf(new Session(provider))
    return new Session(provider, 'two').bring(requestUri)
  }),
  promised('RFC 9126 §4', 'a made-up reference is told on a page', PAGE, (provider) =>
    new Session(provider).bring('urn:ietf:params:oauth:request_uri:made-up'),
  ),
  promised(
    'RFC 9126 §4',
    'what the browser brings beside the reference does not count',
    { at: 'client', error: 'login_required', state: 'unchanged' },
    async (provider) => {
      const session = new Session(provider)
      return session.bring(await uriOf(session, { prompt: 'none' }), { prompt: 'login', state: 'forged' })
    },
  ),
]
