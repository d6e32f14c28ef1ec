// The lines about the second exchange: the token reply, the ID token in it, and whether the client's servers can reach
// the endpoint at all.

import type { JSONWebKeySet } from 'jose'
import type { Client } from '../../model/client/client.ts'
import type { Seconds } from '../../model/time.ts'
import { includesScope } from '../../protocol/scope.ts'
import { clauseOf, GUIDE, jsonLines, type Line, line, promise, timeLine, whyRefused } from './lines.ts'
import type { Performance, TokenScene } from './play.ts'
import { isPublicAddress } from './public-host.ts'
import type { Script } from './script.ts'
import type { Members } from './wire.ts'
import { token as words } from './words.ts'

export interface TokenFacts {
  readonly issuer: string
  readonly client: Client
  readonly userId: string
  readonly now: Seconds
}

export async function tokenLines(
  scene: TokenScene,
  { jwks }: Pick<Performance, 'jwks'>,
  script: Script,
  facts: TokenFacts,
): Promise<readonly Line[]> {
  const clause = script.isZhizuoyun ? GUIDE.token : 'RFC 6749 §5.1'
  const { reply, members } = scene
  if (reply.status !== 200 || members === null) {
    return [line('bad', clauseOf(reply, clause), words.answered, whyRefused(reply)), timeLine(scene.elapsed, clause)]
  }
  return [
    line('ok', clause, words.answered),
    ...standInLines(facts),
    ...jsonLines(reply, 'RFC 6749 §5.1'),
    promise(typeof members['access_token'] === 'string' && members['access_token'] !== '', clause, words.accessToken),
    promise(members['token_type'] === 'Bearer', 'RFC 6749 §5.1', words.tokenType),
    expiresInLine(members['expires_in'], clause, script, facts),
    refreshTokenLine(members['refresh_token'], clause),
    ...scopeLines(members['scope'], script),
    ...(await idTokenLines(members, jwks, script, facts)),
    timeLine(scene.elapsed, clause),
  ]
}

/** What a client signs cannot be played: its key is with the client. */
function standInLines({ client: { token_endpoint_auth_method: method } }: TokenFacts): readonly Line[] {
  const signs = method === 'private_key_jwt' || method === 'client_secret_jwt'
  return signs ? [line('note', 'RFC 7523 §2.2', words.standIn, words.standInWhy)] : []
}

function expiresInLine(value: unknown, clause: string, script: Script, { client }: TokenFacts): Line {
  // An operator whose client wants text has said so; 制作云 wants a number.
  const asSet = !script.isZhizuoyun && client.reply.expiresIn === 'string' && typeof value === 'string'
  const number = asSet ? Number(value) : value
  const holds = typeof number === 'number' && Number.isInteger(number) && number > 0
  return promise(holds, clause, words.expiresIn, typeof value === 'string' ? words.expiresInText : null)
}

function refreshTokenLine(value: unknown, clause: string): Line {
  if (value === undefined || value === null)
    return line('note', clause, words.refreshTokenNone, words.refreshTokenNoneWhy)
  return typeof value === 'string' && value !== ''
    ? line('ok', clause, words.refreshToken)
    : line('bad', clause, words.refreshTokenBad)
}

function scopeLines(granted: unknown, { scope }: Script): readonly Line[] {
  if (typeof granted !== 'string' || granted === scope) return []
  return [line('note', 'RFC 6749 §3.3', words.scopeReduced(scope, granted), words.scopeReducedWhy)]
}

const ID_TOKEN_CLAUSE = 'OpenID Connect Core §3.1.3.7'

async function idTokenLines(
  members: Members,
  jwks: Members | null,
  script: Script,
  facts: TokenFacts,
): Promise<readonly Line[]> {
  const idToken = members['id_token']
  if (typeof idToken !== 'string') {
    const expected = !script.isZhizuoyun && includesScope(script.scope, 'openid')
    return expected ? [line('note', 'OpenID Connect Core §3.1.3.3', words.idTokenNone, words.idTokenNoneWhy)] : []
  }
  if (script.isZhizuoyun) return [line('note', ID_TOKEN_CLAUSE, words.idTokenIgnored, words.idTokenIgnoredWhy)]
  const verified = await verifyIdToken(idToken, jwks, script, facts)
  if ('problem' in verified) {
    return [line('bad', ID_TOKEN_CLAUSE, words.idToken, { 'zh-CN': verified.problem, en: verified.problem })]
  }
  return [
    line('ok', ID_TOKEN_CLAUSE, words.idToken),
    promise(verified.subject === facts.userId, 'OpenID Connect Core §2', words.idTokenSubject),
  ]
}

/** As a client would, by a library of its own over the published keys, and not by the code that signed it. */
async function verifyIdToken(
  idToken: string,
  jwks: Members | null,
  { nonce }: Script,
  { issuer, client, now }: TokenFacts,
): Promise<{ readonly subject: string | undefined } | { readonly problem: string }> {
  const { id_token_signed_response_alg: algorithm } = client
  if (!isKeySet(jwks)) return { problem: 'no key set is published' }
  try {
    const { createLocalJWKSet, jwtVerify } = await import('jose')
    const { payload } = await jwtVerify(idToken, createLocalJWKSet(jwks), {
      issuer,
      audience: client.client_id,
      // Signed with the client's secret or not at all, a token is played with a key of ours.
      ...(algorithm !== 'HS256' && algorithm !== 'none' && { algorithms: [algorithm] }),
      requiredClaims: ['sub', 'exp', 'iat'],
      currentDate: new Date(now * 1_000),
    })
    if (nonce !== null && payload['nonce'] !== nonce) return { problem: 'nonce is not the one that was sent' }
    return { subject: payload.sub }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'the ID token cannot be read' }
  }
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)
}

/** Token and user info are called by the client's servers: for 制作云, from the internet. */
export function reachLine(issuer: string, script: Script): Line | null {
  const { protocol, origin } = new URL(issuer)
  if (!script.isZhizuoyun) {
    return protocol === 'https:' ? null : line('note', 'RFC 6749 §3.2', words.plainHttp, words.plainHttpWhy)
  }
  if (isPublicAddress(issuer)) return line('ok', GUIDE.token, words.reachable, words.reachablePublic(origin))
  const why = protocol === 'https:' ? words.unreachablePrivate(issuer) : words.unreachableHttp(issuer)
  return line('note', GUIDE.token, words.unreachable, why)
}
