// What the suite's configuration and the server under test must agree on: addresses, aliases, clients and the person.
// The target registers them, the runner writes them into the plans.

import { createECDH, createHash } from 'node:crypto'

/** The environment, or whatever stands in for it. */
export type Variables = Readonly<Record<string, string | undefined>>

/** A variable is missing or cannot be meant; the message says which. */
export class WrongVariable extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'WrongVariable'
  }
}

export interface ConformanceClient {
  readonly client_id: string
  readonly client_secret: string
  readonly token_endpoint_auth_method: 'client_secret_basic' | 'client_secret_post'
}

export type SigningKey = Readonly<Record<'kty' | 'crv' | 'x' | 'y' | 'd' | 'kid' | 'alg' | 'use', string>>

/** A client of FAPI 2.0: it signs what it authenticates with, and proves a key for its tokens. */
export interface SigningClient {
  readonly client_id: string
  /** ES256, with the private members: the suite signs with them. */
  readonly jwks: { readonly keys: readonly SigningKey[] }
}

/** `fapi_oauth`: of OAuth 2.0 without OpenID Connect. */
export type SigningClientKey = 'fapi' | 'fapi_second' | 'fapi_oauth' | 'fapi_oauth_second'

export type ClientKey = 'first' | 'second' | 'post' | 'backchannel' | 'frontchannel'

export interface Facts {
  readonly issuer: string
  /** No slash at the end. */
  readonly suite: string
  /** One for each runner at work: a module interrupts the one that has its alias. */
  readonly aliases: readonly string[]
  readonly clients: Readonly<Record<ClientKey, ConformanceClient>>
  readonly signing: Readonly<Record<SigningClientKey, SigningClient>>
  readonly user: { readonly username: string; readonly password: string }
  /** Patterns of our addresses for the suite's scripted browser; `*` is its only wildcard. */
  readonly pages: Readonly<Record<'authorize' | 'sign_in' | 'consent' | 'end_session', string>>
}

export const DEFAULT_SUITE = 'https://localhost.emobix.co.uk:8443'
const DEFAULT_ALIAS = 'lingpai'

/** Known to everybody who reads this: such a server serves a suite on the same machine and nobody else. */
const CLIENTS: Facts['clients'] = {
  first: client('first', 'client_secret_basic'),
  second: client('second', 'client_secret_basic'),
  post: client('post', 'client_secret_post'),
  backchannel: client('backchannel', 'client_secret_basic'),
  frontchannel: client('frontchannel', 'client_secret_basic'),
}

function client(name: string, method: ConformanceClient['token_endpoint_auth_method']): ConformanceClient {
  const secret = `conformance-secret-of-${name}-that-guards-nothing`
  return { client_id: name, client_secret: secret, token_endpoint_auth_method: method }
}

const SIGNING: Facts['signing'] = {
  fapi: signingClient('fapi'),
  fapi_second: signingClient('fapi-second'),
  fapi_oauth: signingClient('fapi-oauth'),
  fapi_oauth_second: signingClient('fapi-oauth-second'),
}

/** A key that follows from the name, so that target and suite have the same one; it guards nothing. */
function signingClient(name: string): SigningClient {
  const pair = createECDH('prime256v1')
  pair.setPrivateKey(createHash('sha256').update(`conformance-key-of-${name}-that-guards-nothing`).digest())
  const [x, y, d] = [pair.getPublicKey().subarray(1, 33), pair.getPublicKey().subarray(33), pair.getPrivateKey()]
  const text = (bytes: Buffer) => bytes.toString('base64url')
  const members = { kty: 'EC', crv: 'P-256', x: text(x), y: text(y), d: text(d) }
  return { client_id: name, jwks: { keys: [{ ...members, kid: name, alg: 'ES256', use: 'sig' }] } }
}

export function factsFrom(variables: Variables, suite: string): Facts {
  const issuer = variables['CONFORMANCE_ISSUER']
  if (issuer === undefined || issuer === '') {
    throw new WrongVariable(
      'CONFORMANCE_ISSUER is missing: where the suite reaches the server, https://lingpai.test:9445',
    )
  }
  const base = httpsAddress('CONFORMANCE_ISSUER', issuer)
  return {
    issuer: base,
    suite: httpsAddress('the address of the suite', suite),
    aliases: aliasesFrom(variables),
    clients: CLIENTS,
    signing: SIGNING,
    user: { username: 'ada', password: 'correct horse battery staple' },
    pages: {
      authorize: `${base}/sso/authorize*`,
      sign_in: `${base}/sso/sign-in/*`,
      consent: `${base}/sso/consent/*`,
      end_session: `${base}/sso/end-session*`,
    },
  }
}

function aliasesFrom(variables: Variables): readonly string[] {
  const first = variables['CONFORMANCE_ALIAS'] || DEFAULT_ALIAS
  const aliases = [first, ...[2, 3, 4].map((number) => variables[`CONFORMANCE_ALIAS${number}`] || `${first}${number}`)]
  const wrong = aliases.find((alias) => !/^[A-Za-z0-9._-]{1,64}$/.test(alias))
  if (wrong !== undefined) {
    throw new WrongVariable(`The alias ${JSON.stringify(wrong)} must be 1 to 64 letters, digits and . _ -`)
  }
  if (new Set(aliases).size < aliases.length) throw new WrongVariable('Each alias must be another one')
  return aliases
}

function httpsAddress(name: string, text: string): string {
  const address = URL.canParse(text) ? new URL(text) : null
  const isPlain = address?.protocol === 'https:' && address.search === '' && address.hash === ''
  if (!isPlain) throw new WrongVariable(`${name} must be an https:// address, not ${JSON.stringify(text)}`)
  return text.replace(/\/+$/, '')
}

/** Where the suite receives what we send to a client of this alias. */
export function suiteAddress(suite: string, alias: string, name: string): string {
  return `${suite}/test/a/${alias}/${name}`
}
