// The JWKS endpoint. RFC 7517 §5; OpenID Connect Core §10.1.1.

import type { Endpoint } from '../../http/message.ts'
import { jsonText } from '../../http/replies.ts'
import type { Seconds } from '../../model/time.ts'
import type { KeyRing } from '../keys/ring.ts'

export function jwksEndpoint(keys: KeyRing, maxAge: Seconds): Endpoint {
  const headers = { 'cache-control': `public, max-age=${maxAge}`, 'content-type': 'application/jwk-set+json' }
  return async () => jsonText(200, keys.jwks(), headers)
}
