// The JWKS endpoint. RFC 7517 §5; OpenID Connect Core §10.1.1.

import type { Endpoint } from '../../http/message.ts'
import { jsonText } from '../../http/replies.ts'
import type { Seconds } from '../../model/time.ts'
import { keysOf } from '../../protocol/jwk.ts'
import type { KeyRing } from '../keys/ring.ts'

/** `beside`: keys that others encrypt to us with. They come last: some clients take the first they see. */
export function jwksEndpoint(keys: KeyRing, maxAge: Seconds, beside: readonly object[] = []): Endpoint {
  const headers = { 'cache-control': `public, max-age=${maxAge}`, 'content-type': 'application/jwk-set+json' }
  let made = { from: '', document: '' }
  return async () => {
    const from = keys.jwks()
    if (made.from !== from) made = { from, document: beside.length === 0 ? from : withKeys(from, beside) }
    return jsonText(200, made.document, headers)
  }
}

function withKeys(document: string, beside: readonly object[]): string {
  return JSON.stringify({ keys: [...(keysOf(JSON.parse(document)) ?? []), ...beside] })
}
