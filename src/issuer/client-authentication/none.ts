// No proof at all: a public client only names itself. RFC 6749 §2.1.

import { type PlainMethod, refuse } from './method.ts'

export const none: PlainMethod = {
  kind: 'plain',
  name: 'none',
  prove({ pairs }, { client }) {
    const withoutSecret = pairs.every(({ clientId, secret }) => clientId !== client.client_id || secret === '')
    // RFC 6749 §2.1: a public client has no secret; one that it sends is made up.
    return withoutSecret ? null : refuse('public_client_sent_secret', 'a public client sent a secret')
  },
}
