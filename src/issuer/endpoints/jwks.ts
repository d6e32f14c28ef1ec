// The JWKS endpoint. RFC 7517 §5; OpenID Connect Core §10.1.1.

import type { Endpoint } from '../../http/message.ts'
import { jsonText } from '../../http/reply/replies.ts'
import type { Seconds } from '../../model/time.ts'
import { keysOf } from '../../protocol/jwk.ts'
import type { KeyRing } from '../keys/ring.ts'

/**
 * `beside`: the keys that others encrypt to us with. They come last, because some clients take the first key they see.
 */
export function jwksEndpoint(keys: KeyRing, maxAge: Seconds, beside: (() => readonly object[]) | null): Endpoint {
  const headers = { 'cache-control': `public, max-age=${maxAge}`, 'content-type': 'application/jwk-set+json' }
  const replyOf = (from: string, others: readonly object[] | undefined) => {
    const document = others === undefined ? from : withKeys(from, others)
    return { from, others, reply: { ...jsonText(200, document, headers), isFixed: true as const } }
  }
  let made: ReturnType<typeof replyOf> | undefined
  return async () => {
    const [from, others] = [keys.jwks(), beside?.()]
    if (made?.from !== from || made.others !== others) made = replyOf(from, others)
    return made.reply
  }
}

function withKeys(document: string, beside: readonly object[]): string {
  return JSON.stringify({ keys: [...(keysOf(JSON.parse(document)) ?? []), ...beside] })
}
