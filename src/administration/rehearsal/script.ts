// What the client would send: the parameters of its requests in its own order and encoding.

import { sha256 } from '../../credentials/digest.ts'
import { type Client, isConfidential } from '../../model/client/client.ts'
import { newSecret } from '../../platform/random.ts'
import { includesScope, scopeWords } from '../../protocol/scope.ts'
import { presets } from '../presets/index.ts'

/** The callback that the guide of 制作云 names. */
export const ZHIZUOYUN_CALLBACK = 'https://api.vs.tencent.com/Oauth/Login/Callback'
/** The state in the guide's example, decoded. */
const ZHIZUOYUN_STATE = 'anchor=livepush&platform=1500004462'

export type Pairs = readonly (readonly [name: string, value: string])[]

export interface Script {
  readonly isZhizuoyun: boolean
  readonly redirectUri: string
  readonly scope: string
  readonly state: string
  readonly nonce: string | null
  readonly verifier: string | null
  readonly authorize: Pairs
  readonly credentials: 'basic' | 'post' | 'none'
  readonly bearer: 'header' | 'form' | 'query'
  /** Whether this client can ask for user info at all. */
  readonly asksUserinfo: boolean
}

function isZhizuoyun(client: Client): boolean {
  return client.preset === 'zhizuoyun'
}

/** Null: the client does not use the code flow, so no person ever signs in for it. */
export function scriptFor(client: Client): Script | null {
  const [first] = client.redirect_uris
  if (first === undefined || !client.grant_types.includes('authorization_code')) return null
  return isZhizuoyun(client) ? zhizuoyunScript(client, first) : standardScript(client, first)
}

/** Exactly the guide's example: its order, its state, no PKCE, no nonce, whatever the client's settings ask for. */
function zhizuoyunScript(client: Client, first: string): Script {
  const redirectUri = client.redirect_uris.includes(ZHIZUOYUN_CALLBACK) ? ZHIZUOYUN_CALLBACK : first
  const scope = recommendedScope(client) ?? client.scope
  return {
    isZhizuoyun: true,
    redirectUri,
    scope,
    state: ZHIZUOYUN_STATE,
    nonce: null,
    verifier: null,
    authorize: [
      ['response_type', 'code'],
      ['scope', scope],
      ['client_id', client.client_id],
      ['state', ZHIZUOYUN_STATE],
      ['redirect_uri', redirectUri],
    ],
    credentials: 'basic',
    bearer: 'header',
    asksUserinfo: true,
  }
}

function standardScript(client: Client, redirectUri: string): Script {
  const allowed = scopeWords(client.scope)
  const scope =
    scopeWords(recommendedScope(client) ?? '')
      .filter((word) => allowed.includes(word))
      .join(' ') || client.scope
  const state = newSecret()
  const openid = includesScope(scope, 'openid')
  const nonce = openid ? newSecret() : null
  const verifier = client.authorize.pkce === 'required' ? newSecret() : null
  return {
    isZhizuoyun: false,
    redirectUri,
    scope,
    state,
    nonce,
    verifier,
    authorize: [
      ['response_type', 'code'],
      ['client_id', client.client_id],
      ['redirect_uri', redirectUri],
      ...(scope === '' ? [] : [['scope', scope] as const]),
      ['state', state],
      ...(nonce === null ? [] : [['nonce', nonce] as const]),
      ...(verifier === null
        ? []
        : ([
            ['code_challenge', Buffer.from(sha256(verifier)).toString('base64url')],
            ['code_challenge_method', 'S256'],
          ] as const)),
    ],
    credentials: isConfidential(client)
      ? client.token_endpoint_auth_method === 'client_secret_post'
        ? 'post'
        : 'basic'
      : 'none',
    bearer: client.userinfo.tokenFrom.includes('header') ? 'header' : (client.userinfo.tokenFrom[0] ?? 'header'),
    asksUserinfo: openid || client.claimsFrom === 'map',
  }
}

function recommendedScope(client: Client): string | null {
  return presets.find(({ name }) => name === client.preset)?.recommendedScope ?? null
}
