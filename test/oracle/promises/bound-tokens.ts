// Tokens that are bound to a key of the client: RFC 9449.

import { type ClientKey, newClientKey } from '../../support/assertions.ts'
import { type CraftedProof, proof, thumbprintOf } from '../../support/proofs.ts'
import { basic } from '../../support/relying-party.ts'
import { promised } from '../promise.ts'
import { type ClientName, type Observation, type Provider, SECRET, Session, send, told } from '../provider.ts'

const INVALID_GRANT = { status: 400, error: 'invalid_grant' }
const INVALID_PROOF = { status: 400, error: 'invalid_dpop_proof' }

type Crafting = Omit<Partial<CraftedProof>, 'host'>

/** A client with a key of its own. */
class Bound {
  readonly session: Session
  readonly key: ClientKey
  readonly #provider: Provider
  readonly #client: ClientName

  constructor(provider: Provider, key: ClientKey, client: ClientName = 'web') {
    this.session = new Session(provider, client)
    this.key = key
    this.#provider = provider
    this.#client = client
  }

  proof(htu: string, { claims, ...crafted }: Crafting = {}): Promise<string> {
    const clock = { now: () => Math.floor(Date.now() / 1000) }
    const { issuer } = this.#provider
    return proof({ host: { issuer, clock }, key: this.key, ...crafted, claims: { htu, ...claims } })
  }

  async headers(crafted?: Crafting): Promise<Record<string, string>> {
    const proves = this.#client === 'page' ? {} : { authorization: basic(this.#client, SECRET) }
    return { ...proves, dpop: await this.proof(this.#provider.endpoints.token, crafted) }
  }

  async redeem(crafted?: Crafting) {
    const offline = { scope: 'openid profile offline_access', prompt: 'consent' }
    return this.session.redeem(await this.session.code(offline), {}, await this.headers(crafted))
  }

  async userinfo(token: string, crafted: Crafting = {}, scheme = 'DPoP'): Promise<Observation> {
    const url = this.#provider.endpoints.userinfo
    const dpop = await this.proof(url, { method: 'GET', accessToken: token, ...crafted })
    return told(await send(url, { headers: { authorization: `${scheme} ${token}`, dpop } }))
  }
}

async function boundClient(provider: Provider, client?: ClientName): Promise<Bound> {
  return new Bound(provider, await newClientKey(), client)
}

async function refused(provider: Provider, crafted: Crafting): Promise<Observation> {
  return told(await (await boundClient(provider)).redeem(crafted))
}

async function withToken(provider: Provider): Promise<{ readonly bound: Bound; readonly token: string }> {
  const bound = await boundClient(provider)
  return { bound, token: String((await bound.redeem()).body['access_token']) }
}

export const boundTokens = [
  promised('RFC 9449 §5', 'a proof makes the token a bound one', { type: 'DPoP' }, async (provider) => {
    const { body } = await (await boundClient(provider)).redeem()
    return { type: String(body['token_type']) }
  }),
  promised('RFC 9449 §4.3', 'a proof of another address is refused', INVALID_PROOF, (provider) =>
    refused(provider, { claims: { htu: 'https://evil.test/token' } }),
  ),
  promised('RFC 9449 §4.3', 'a proof of another method is refused', INVALID_PROOF, (provider) =>
    refused(provider, { method: 'GET' }),
  ),
  promised('RFC 9449 §4.3', 'a proof of another type is refused', INVALID_PROOF, (provider) =>
    refused(provider, { header: { typ: 'jwt' } }),
  ),
  promised('RFC 9449 §4.3', 'a proof that another key has signed is refused', INVALID_PROOF, async (provider) =>
    refused(provider, { signer: await newClientKey() }),
  ),
  promised('RFC 9449 §4.3', 'address and query beyond the path do not count', { status: 200 }, async (provider) => {
    const bound = await boundClient(provider)
    return told(await bound.redeem({ claims: { htu: `${provider.endpoints.token}?a=1#b` } }))
  }),
  promised('RFC 9449 §11.1', 'a proof is good once', INVALID_PROOF, async (provider) => {
    const bound = await boundClient(provider)
    const headers = await bound.headers()
    await bound.session.redeem(await bound.session.code(), {}, headers)
    return told(await bound.session.redeem(await bound.session.code(), {}, headers))
  }),
  promised('RFC 9449 §7.1', 'user info is told to the key', { status: 200 }, async (provider) => {
    const { bound, token } = await withToken(provider)
    return bound.userinfo(token)
  }),
  promised(
    'RFC 9449 §7.1',
    'user info is not told to another key',
    { status: 401, error: 'invalid_token', challenge: 'dpop' },
    async (provider) => {
      const { bound, token } = await withToken(provider)
      return bound.userinfo(token, { key: await newClientKey() })
    },
  ),
  promised(
    'RFC 9449 §4.3',
    'user info is not told to a proof of another token',
    { status: 401, error: 'invalid_dpop_proof', challenge: 'dpop' },
    async (provider) => {
      const { bound, token } = await withToken(provider)
      return bound.userinfo(token, { claims: { ath: 'x'.repeat(43) } })
    },
  ),
  promised(
    'RFC 9449 §7.2',
    'a bound token is no bearer token',
    { status: 401, error: 'invalid_token', challenge: 'dpop' },
    async (provider) => {
      const { bound, token } = await withToken(provider)
      return bound.userinfo(token, {}, 'Bearer')
    },
  ),
  promised('RFC 9449 §6.2', 'introspection tells the key', { type: 'DPoP', isOfKey: true }, async (provider) => {
    const { bound, token } = await withToken(provider)
    const { body } = await bound.session.introspect(token)
    const cnf = body['cnf'] as { jkt?: string } | undefined
    return { type: String(body['token_type']), isOfKey: cnf?.jkt === (await thumbprintOf(bound.key)) }
  }),
  promised('RFC 9449 §5', 'the refresh token of a public client needs the key', INVALID_GRANT, async (provider) => {
    const bound = await boundClient(provider, 'page')
    const refresh = String((await bound.redeem()).body['refresh_token'])
    const other = new Bound(provider, await newClientKey(), 'page')
    return told(await bound.session.refresh(refresh, {}, await other.headers()))
  }),
  promised('RFC 9449 §10', 'a code for a key needs that key', INVALID_GRANT, async (provider) => {
    const bound = await boundClient(provider)
    const dpop_jkt = await thumbprintOf(await newClientKey())
    return told(await bound.session.redeem(await bound.session.code({ dpop_jkt }), {}, await bound.headers()))
  }),
]
