// The settings that say where a client's public keys are: in the record itself, or at an address of its own. RFC 7591 §2.

import { keysOf, type PublicJwk, type PublicJwks, readPublicJwk } from '../../protocol/jwk.ts'
import type { Kind } from '../setting.ts'

const MOST_KEYS = 20

const wrong = (problem: string) => ({ problem })

export const jwksKind: Kind<PublicJwks | null> = {
  describes: `a JWK set of at most ${MOST_KEYS} public keys: \`{"keys":[…]}\``,
  parse(value) {
    if (value === null) return { value }
    const given = keysOf(value)
    if (given === null) return wrong('must be a JWK set: {"keys":[…]}')
    if (given.length === 0 || given.length > MOST_KEYS) return wrong(`must hold 1 to ${MOST_KEYS} keys`)
    const keys: PublicJwk[] = []
    for (const [at, one] of given.entries()) {
      const read = readPublicJwk(one)
      if ('problem' in read) return wrong(`holds a key (number ${at + 1}) that ${read.problem}`)
      keys.push(read.key)
    }
    const names = keys.flatMap(({ kid }) => kid ?? [])
    return new Set(names).size === names.length ? { value: { keys } } : wrong('holds two keys of one kid')
  },
}

/** Whether the address is allowed is checked when it is fetched, because DNS may say something else tomorrow. */
export const keysAddress: Kind<string | null> = {
  describes: 'an https:// address (http:// only for hosts in `outboundAllow`)',
  parse(value) {
    if (value === null) return { value }
    const url = typeof value === 'string' && value.length <= 2_048 && URL.canParse(value) ? new URL(value) : null
    if (url === null || !/^https?:$/.test(url.protocol)) return wrong('must be an address that begins with https://')
    if (url.username !== '' || url.password !== '') return wrong('must not hold a user name or password')
    return url.hash === '' ? { value: url.href } : wrong('must not hold a fragment')
  },
}
