// An OpenID Provider as its clients and visitors see it: enough to ask any of them the same things and to write down
// what was seen. Ours and the peer's stand behind it alike.

import { exportJWK, generateKeyPair } from 'jose'
import { basic, challengeOf, form, query, VERIFIER, walk } from '../support/relying-party.ts'
import { type Page, Visitor } from '../support/visitor.ts'

export const CALLBACK = 'https://client.test/callback'
/** Registered for the client `two`, in this spelling. */
const OTHER_CALLBACK = 'https://client.test/Callback?registered=query'
export const SIGNED_OUT = 'https://client.test/signed-out'
export const SECRET = 'test17241d76d75b374f9a2843cfe871-oracle'
export const STATE = 'anchor=livepush&platform=1500004462'
export const CHALLENGE = { code_challenge: challengeOf(VERIFIER), code_challenge_method: 'S256' }
export { VERIFIER }

/** Of the clients `signer` and `reader`, and of nobody. */
export const KEYS = {
  signer: await newKey('ES256', 'signer', 'sig'),
  reader: await newKey('ECDH-ES', 'reader', 'enc'),
  foreign: await newKey('ES256', 'signer', 'sig'),
} as const

async function newKey(algorithm: string, kid: string, use: string) {
  const { privateKey, publicKey } = await generateKeyPair(algorithm)
  return { privateKey, jwks: { keys: [{ ...(await exportJWK(publicKey)), kid, use }] } }
}

/** The clients that every provider under test has registered. */
export const CLIENTS = {
  /** Confidential, may refresh. */
  web: { client_id: 'web', redirect_uris: [CALLBACK], scope: 'openid profile email phone offline_access' },
  /** Another one at the same address, and at one with a query. */
  two: { client_id: 'two', redirect_uris: [CALLBACK, OTHER_CALLBACK], scope: 'openid profile offline_access' },
  /** To which nobody ever says yes. */
  new: { client_id: 'new', redirect_uris: [CALLBACK], scope: 'openid profile' },
  /** Public. */
  page: { client_id: 'page', redirect_uris: [CALLBACK], scope: 'openid profile offline_access' },
  /** Speaks for itself alone. */
  machine: { client_id: 'machine', redirect_uris: [], scope: 'read write' },
  /** Signs its requests. */
  signer: { client_id: 'signer', redirect_uris: [CALLBACK], scope: 'openid profile offline_access' },
  /** Knows people by an identifier of its own. */
  pair: { client_id: 'pair', redirect_uris: [CALLBACK], scope: 'openid profile offline_access' },
  /** Has its ID tokens encrypted and its user info signed. */
  reader: { client_id: 'reader', redirect_uris: [CALLBACK], scope: 'openid profile offline_access' },
} as const
/** What those last three are registered with beside. */
export const METADATA = {
  signer: { request_object_signing_alg: 'ES256', jwks: KEYS.signer.jwks },
  pair: { subject_type: 'pairwise' },
  reader: {
    jwks: KEYS.reader.jwks,
    id_token_encrypted_response_alg: 'ECDH-ES',
    id_token_encrypted_response_enc: 'A128GCM',
    userinfo_signed_response_alg: 'RS256',
  },
} as const
export type ClientName = keyof typeof CLIENTS

export interface Endpoints {
  readonly authorize: string
  readonly par: string
  readonly token: string
  readonly userinfo: string
  readonly introspect: string
  readonly revoke: string
  readonly endSession: string
  readonly jwks: string
}

export interface Provider {
  readonly name: string
  readonly issuer: string
  readonly endpoints: Endpoints
  /** A person who can sign in with the usual password on pages with the usual ids. */
  readonly username: string
  close(): Promise<void>
}

/** What became of a request, without anything that differs from run to run. */
export type Observation = Readonly<Record<string, string | number | boolean | readonly string[]>>

type Fields = Readonly<Record<string, string | undefined>>

/** One browser and one client at one provider. */
export class Session {
  readonly visitor = new Visitor()
  readonly #provider: Provider
  readonly #client: ClientName

  constructor(provider: Provider, client: ClientName = 'web') {
    this.#provider = provider
    this.#client = client
  }

  get provider(): Provider {
    return this.#provider
  }

  /** The same browser at another client. */
  as(client: ClientName): Session {
    const other = new Session(this.#provider, client)
    for (const [name, value] of this.visitor.cookies) other.visitor.cookies.set(name, value)
    return other
  }

  authorizeUrl(parameters: Fields = {}): string {
    return `${this.#provider.endpoints.authorize}?${query({
      response_type: 'code',
      client_id: this.#client,
      redirect_uri: CALLBACK,
      scope: 'openid profile',
      state: STATE,
      ...(this.#client === 'page' && CHALLENGE),
      ...parameters,
    })}`
  }

  /** To the first page that needs a person, or to the client. */
  async ask(parameters: Fields = {}): Promise<Observation> {
    return seen(await this.visitor.follow(await this.visitor.get(this.authorizeUrl(parameters))))
  }

  /** The address as it stands, for what no builder of URLs would write. */
  async askAs(address: string): Promise<Observation> {
    return seen(await this.visitor.follow(await this.visitor.get(address)))
  }

  /** What an authorization request may say, sent ahead. */
  async push(parameters: Fields = {}, headers: Record<string, string> = this.#credentials()): Promise<Reply> {
    const { searchParams } = new URL(this.authorizeUrl(parameters))
    return post(this.#provider.endpoints.par, Object.fromEntries(searchParams), headers)
  }

  /** With the reference alone. */
  async bring(requestUri: string, parameters: Fields = {}): Promise<Observation> {
    const brought = { client_id: this.#client, request_uri: requestUri, ...parameters }
    return this.askAs(`${this.#provider.endpoints.authorize}?${query(brought)}`)
  }

  /** Through every page, with a yes. */
  async answer(parameters: Fields = {}): Promise<URL> {
    return walk(this.visitor, this.authorizeUrl(parameters), this.#provider.username)
  }

  async code(parameters: Fields = {}): Promise<string> {
    const code = (await this.answer(parameters)).searchParams.get('code')
    if (code === null) throw new Error(`${this.#provider.name} gave no code`)
    return code
  }

  async token(fields: Fields, headers: Record<string, string> = this.#credentials()): Promise<Reply> {
    const named = this.#client === 'page' ? { client_id: 'page', ...fields } : fields
    return post(this.#provider.endpoints.token, named, headers)
  }

  async redeem(code: string, fields: Fields = {}, headers?: Record<string, string>): Promise<Reply> {
    return this.token(
      {
        grant_type: 'authorization_code',
        code,
        redirect_uri: CALLBACK,
        ...(this.#client === 'page' && { code_verifier: VERIFIER }),
        ...fields,
      },
      headers,
    )
  }

  async refresh(token: string, fields: Fields = {}, headers?: Record<string, string>): Promise<Reply> {
    return this.token({ grant_type: 'refresh_token', refresh_token: token, ...fields }, headers)
  }

  /** A whole sign-in with a refresh token. */
  async tokens(parameters: Fields = {}): Promise<Tokens> {
    const offline = { scope: 'openid profile offline_access', prompt: 'consent', ...parameters }
    const { body } = await this.redeem(await this.code(offline))
    const member = (name: string) => {
      const value = body[name]
      return typeof value === 'string' ? value : ''
    }
    return { access: member('access_token'), refresh: member('refresh_token'), id: member('id_token') }
  }

  async userinfo(token: string, init: RequestInit = {}): Promise<Reply> {
    return send(this.#provider.endpoints.userinfo, { headers: { authorization: `Bearer ${token}` }, ...init })
  }

  async introspect(token: string, headers: Record<string, string> = this.#credentials()): Promise<Reply> {
    return post(this.#provider.endpoints.introspect, { token }, headers)
  }

  async revoke(token: string, fields: Fields = {}, headers: Record<string, string> = this.#credentials()) {
    const named = this.#client === 'page' ? { client_id: 'page', ...fields } : fields
    return post(this.#provider.endpoints.revoke, { token, ...named }, headers)
  }

  async endSession(parameters: Fields): Promise<Page> {
    return this.visitor.get(`${this.#provider.endpoints.endSession}?${query(parameters)}`)
  }

  #credentials(): Record<string, string> {
    return this.#client === 'page' ? {} : { authorization: basic(this.#client, SECRET) }
  }
}

export interface Tokens {
  readonly access: string
  readonly refresh: string
  readonly id: string
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Readonly<Record<string, unknown>>
}

export async function send(url: string, init: RequestInit): Promise<Reply> {
  const reply = await fetch(url, { redirect: 'manual', ...init })
  const text = await reply.text()
  const isJson = /json/.test(reply.headers.get('content-type') ?? '')
  const body = isJson && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : {}
  return { status: reply.status, headers: reply.headers, text, body }
}

async function post(url: string, fields: Fields, headers: Record<string, string>): Promise<Reply> {
  return send(url, { method: 'POST', headers, body: form(fields) })
}

/** A reply to a client: how it ended, and what it holds, by name. */
export function told({ status, headers, body }: Reply, ...members: readonly string[]): Observation {
  const error = body['error']
  const challenge = headers.get('www-authenticate')?.split(' ')[0]
  return {
    status,
    ...(typeof error === 'string' && { error }),
    ...(status === 401 && challenge !== undefined && { challenge: challenge.toLowerCase() }),
    ...(members.length > 0 && { has: members.filter((name) => body[name] !== undefined) }),
  }
}

/** What a browser has come to: a page of the provider, or the client's address with an answer. */
export function seen(page: Page): Observation {
  if (page.location === null) return { at: stepOf(page) }
  const { searchParams, hash } = new URL(page.location)
  const answer = searchParams.size > 0 ? searchParams : new URLSearchParams(hash.slice(1))
  const error = answer.get('error')
  const state = answer.get('state')
  return {
    at: 'client',
    ...(error !== null && { error }),
    ...(answer.has('code') && { gives: 'code' }),
    ...(state !== null && { state: state === STATE ? 'unchanged' : 'changed' }),
  }
}

function stepOf(page: Page): string {
  if (page.html.includes('id="login-submit"')) return 'sign-in page'
  if (page.html.includes('id="consent-allow"')) return 'consent page'
  if (page.html.includes('id="logout-confirm"')) return 'sign-out page'
  if (page.status >= 400) return 'error page'
  return page.html.includes('Signed out') ? 'signed-out page' : `page with status ${page.status}`
}
