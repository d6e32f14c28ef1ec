// Which key signs, which are published, and when the next one is made.

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PlannedKey } from '../../../src/issuer/keys/rotation.ts'
import {
  jwksDocument,
  nextChange,
  PUBLISHED_BEFORE_USE,
  planRotation,
  planSuccessor,
  publishedKeys,
  SEEN_BY_ALL_NODES,
  signingKeyFor,
} from '../../../src/issuer/keys/rotation.ts'
import type { SigningKey } from '../../../src/model/signing-key.ts'

const DAY = 86_400
const NOW = 1_800_000_000
const policy = { algorithms: ['ES256', 'RS256'], keyLifetime: 90 * DAY } as const

function key(keyId: string, activeAt: number, more: Partial<SigningKey> = {}): SigningKey {
  const publicJwk = JSON.stringify({ kty: 'EC', crv: 'P-256', x: keyId, y: 'y', kid: keyId, alg: 'ES256', use: 'sig' })
  return {
    keyId,
    algorithm: 'ES256',
    turn: null,
    publicJwk,
    sealedPrivateKey: new Uint8Array(),
    createdAt: activeAt,
    activeAt,
    retiredAt: null,
    revokedAt: null,
    tokenLifetime: 0,
    ...more,
  }
}

function carryOut(keys: readonly SigningKey[], plan: readonly PlannedKey[], now: number): readonly SigningKey[] {
  return plan.reduce<readonly SigningKey[]>((ring, { algorithm, turn, activeAt, endings }) => {
    const ended = new Map(endings.map(({ keyId, retiredAt }) => [keyId, retiredAt]))
    const kept = ring.map((each) => ({ ...each, retiredAt: ended.get(each.keyId) ?? each.retiredAt }))
    return [...kept, key(`${algorithm}-${kept.length}`, activeAt, { algorithm, turn, createdAt: now })]
  }, keys)
}

describe('the key that signs', () => {
  it('is the newest that is active and not retired, of the right algorithm', () => {
    const keys = [
      key('old', NOW - 9),
      key('new', NOW - 1),
      key('next', NOW + 1, { createdAt: NOW - 1 }),
      key('gone', NOW - 0.5, { retiredAt: NOW }),
      key('rsa', NOW, { algorithm: 'RS256', createdAt: NOW - 1 }),
    ]
    expect(signingKeyFor(keys, 'ES256', NOW)?.keyId).toBe('new')
    expect(signingKeyFor(keys, 'ES256', NOW + 1)?.keyId).toBe('next')
    expect(signingKeyFor(keys, 'RS256', NOW)?.keyId).toBe('rsa')
    expect(signingKeyFor(keys, 'RS256', NOW - 1)).toBeNull()
  })

  it('is one that signs from its creation on, also when the clock has been set back behind it', () => {
    expect(signingKeyFor([key('first', NOW)], 'ES256', NOW - 3_600)?.keyId).toBe('first')
    const published = key('next', NOW, { createdAt: NOW - 60 })
    expect(signingKeyFor([published], 'ES256', NOW - 1)).toBeNull()
  })

  it('is the same one on every node, in whatever order the keys are read', () => {
    const keys = [key('b', NOW), key('a', NOW), key('c', NOW)]
    expect(signingKeyFor(keys, 'ES256', NOW)?.keyId).toBe('a')
    expect(signingKeyFor(keys.toReversed(), 'ES256', NOW)?.keyId).toBe('a')
  })
})

describe('the published keys', () => {
  it('OpenID Connect Core §10.1.1 hold the coming, the present, and the retired until its last token has expired', () => {
    const keys = [
      key('coming', NOW + DAY, { createdAt: NOW }),
      key('present', NOW - 9),
      key('retired', NOW - 99, { retiredAt: NOW - 10 }),
    ]
    const ids = (now: number) => publishedKeys(keys, now, 3600).map(({ keyId }) => keyId)
    expect(ids(NOW)).toEqual(['retired', 'present', 'coming'])
    expect(ids(NOW - 10 + 3599)).toContain('retired')
    expect(ids(NOW - 10 + 3600)).toEqual(['present', 'coming'])
  })

  it('RFC 7517 §9.2 show public members only, whatever the record holds', () => {
    const leaky = key('k', NOW, {
      publicJwk: JSON.stringify({ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'fake-private', kid: 'k', oct: 1 }),
    })
    expect(JSON.parse(jwksDocument([leaky, key('other', NOW)]))).toEqual({
      keys: [
        { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'k' },
        { kty: 'EC', crv: 'P-256', x: 'other', y: 'y', kid: 'other', alg: 'ES256', use: 'sig' },
      ],
    })
  })
})

describe('what is published', () => {
  it('leaves when the last token has expired, whatever lifetime the options have by then; at once when it is revoked', () => {
    const keys = [
      key('signs', NOW),
      key('long', NOW - DAY, { retiredAt: NOW, tokenLifetime: 7200 }),
      key('short', NOW - DAY, { retiredAt: NOW, tokenLifetime: 60 }),
      key('leaked', NOW - DAY, { retiredAt: NOW, revokedAt: NOW + 15 }),
    ]
    const at = (now: number) => publishedKeys(keys, now, 3600).map(({ keyId }) => keyId)
    expect(at(NOW)).toEqual(['leaked', 'long', 'short', 'signs'])
    expect(nextChange(keys, NOW, 3600)).toBe(NOW + 15)
    expect(at(NOW + 15)).toEqual(['long', 'short', 'signs'])
    expect(nextChange(keys, NOW + 15, 3600)).toBe(NOW + 3600)
    expect(at(NOW + 3600)).toEqual(['long', 'signs'])
    expect(at(NOW + 7200)).toEqual(['signs'])
    expect(nextChange(keys, NOW + 7200, 3600)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('the plan', () => {
  it('makes the first key of each algorithm, active at once', () => {
    expect(planRotation([], NOW, policy)).toEqual([
      { algorithm: 'ES256', turn: 1, activeAt: NOW, endings: [] },
      { algorithm: 'RS256', turn: 1, activeAt: NOW, endings: [] },
    ])
  })

  it('does nothing while keys are young, or live until an operator asks', () => {
    const keys = carryOut([], planRotation([], NOW, policy), NOW)
    expect(planRotation(keys, NOW + 88 * DAY, policy)).toEqual([])
    expect(planRotation(keys, NOW + 9999 * DAY, { ...policy, keyLifetime: null })).toEqual([])
  })

  it('publishes the successor a day before the old key ends, once', () => {
    const first = key('first', NOW)
    const es = { ...policy, algorithms: ['ES256'] } as const
    const due = NOW + 89 * DAY
    const plan = planRotation([first], due, es)
    expect(plan).toEqual([
      {
        algorithm: 'ES256',
        turn: 1,
        activeAt: NOW + 90 * DAY,
        endings: [{ keyId: 'first', retiredAt: NOW + 90 * DAY }],
      },
    ])
    const keys = carryOut([first], plan, due)
    expect(planRotation(keys, due, es)).toEqual([])
    expect(signingKeyFor(keys, 'ES256', NOW + 90 * DAY - 1)?.keyId).toBe('first')
    expect(signingKeyFor(keys, 'ES256', NOW + 90 * DAY)?.keyId).toBe('ES256-1')
  })

  it('hands over earlier than a day rather than leave a gap', () => {
    const ending = key('ending', NOW - DAY, { retiredAt: NOW + 60 })
    expect(planRotation([ending], NOW, { algorithms: ['ES256'], keyLifetime: null })).toEqual([
      { algorithm: 'ES256', turn: 1, activeAt: NOW + 60, endings: [] },
    ])
  })

  it('on an operator’s request publishes first, and never for less than all nodes need to see it', () => {
    const keys = [key('present', NOW - DAY, { turn: 7 }), key('rsa', NOW - DAY, { algorithm: 'RS256', turn: 9 })]
    const later = NOW + PUBLISHED_BEFORE_USE
    expect(planSuccessor(keys, 'ES256', NOW)).toEqual({
      algorithm: 'ES256',
      turn: 8,
      activeAt: later,
      endings: [{ keyId: 'present', retiredAt: later }],
    })
    const soon = NOW + SEEN_BY_ALL_NODES
    expect(planSuccessor(keys, 'ES256', NOW, { publishAhead: 0 })).toMatchObject({
      activeAt: soon,
      endings: [{ keyId: 'present', retiredAt: soon }],
    })
  })

  it('an algorithm that is added waits until caches have run out; the very first keys, and the only ones left, do not', () => {
    const added = { ...policy, algorithms: ['RS256', 'ES256'], firstAhead: 300 } as const
    const keys = carryOut([], planRotation([], NOW, { ...added, algorithms: ['RS256'] }), NOW)
    expect(planRotation(keys, NOW + 5, added)).toEqual([
      { algorithm: 'ES256', turn: 1, activeAt: NOW + 305, endings: [] },
    ])
    const both = carryOut(keys, planRotation(keys, NOW + 5, added), NOW + 5)
    expect(planRotation(both, NOW + 10, added)).toEqual([])
    const over = [key('over', NOW - DAY, { retiredAt: NOW, turn: 3 }), ...keys]
    expect(planRotation(over, NOW + 5, added)).toEqual([
      { algorithm: 'ES256', turn: 4, activeAt: NOW + 5, endings: [] },
    ])
  })

  it('asked for twice, still publishes a day ahead', () => {
    const once = carryOut([key('present', NOW)], [planSuccessor([key('present', NOW)], 'ES256', NOW)], NOW)
    expect(planSuccessor(once, 'ES256', NOW + 100).activeAt).toBe(NOW + 100 + PUBLISHED_BEFORE_USE)
  })

  it('never leaves a moment without a key, nor signs with one unpublished, whatever operators ask', () => {
    const act = fc.record({ after: fc.nat(40 * DAY), ask: fc.constantFrom('nothing', 'rotate', 'at once') })
    fc.assert(
      fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
        const es = { ...policy, algorithms: ['ES256'] } as const
        let now = NOW
        let keys = carryOut([], planRotation([], now, es), now)
        for (const { after, ask } of acts) {
          // The planner runs every hour of the server's life; what matters is that no hour is without a key.
          for (const end = now + after; now < end; now += 3600 * 6) {
            keys = carryOut(keys, planRotation(keys, now, es), now)
            const signer = signingKeyFor(keys, 'ES256', now)
            expect(signer).not.toBeNull()
            expect(publishedKeys(keys, now, 3600)).toContain(signer)
          }
          if (ask !== 'nothing')
            keys = carryOut(
              keys,
              [planSuccessor(keys, 'ES256', now, ask === 'at once' ? { publishAhead: 0 } : {})],
              now,
            )
          expect(signingKeyFor(keys, 'ES256', now)).not.toBeNull()
        }
      }),
      { numRuns: 50 },
    )
  })
})
