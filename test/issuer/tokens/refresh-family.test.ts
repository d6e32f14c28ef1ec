// Where a refresh token stands in its family, as a table.

import { expect, test } from 'vitest'
import { ROTATIONS_COUNTED } from '../../../src/credentials/refresh-token.ts'
import { earlierRotations, standingOf } from '../../../src/issuer/tokens/refresh-family.ts'
import type { RefreshFamily } from '../../../src/model/grant.ts'

const NOW = 1_800_000_000
const asText = (times: readonly number[]) => times.map((each) => `${each} `).join('')
const hashOf = (rotations: number) => `token ${rotations}`

interface Kept {
  readonly family: RefreshFamily
  readonly current: string
  readonly replaced: string | null
}

/** Rotated at these instants, the last of which made the current token. */
function family(rotations: number, earlier: readonly number[], last: number): Kept {
  return {
    family: {
      grantId: 'gr_1',
      current: { issuedAt: last, expiresAt: NOW + 1 },
      expiresAt: NOW + 2,
      rotations,
      earlierRotations: asText(earlier),
      keyThumbprint: null,
    },
    current: hashOf(rotations),
    replaced: rotations === 0 ? null : hashOf(rotations - 1),
  }
}

interface Presented {
  readonly hash: string
  readonly rotations: number
}

const token = (rotations: number): Presented => ({ hash: hashOf(rotations), rotations: rotations % ROTATIONS_COUNTED })

/** As the store tells of it. */
function standing({ family, current, replaced }: Kept, presented: Presented, formerRotations: number | null = null) {
  const isCurrent = presented.hash === current
  const about = {
    salt: NOTHING,
    requestDigest: NOTHING,
    scope: '',
    address: '',
    userAgent: '',
    keyThumbprint: null,
    sealedAccessToken: null,
  }
  const rotation = { rotatedAt: family.current.issuedAt, successor: NOTHING, ...about }
  const last = isCurrent || replaced === null ? null : { isOfPresented: presented.hash === replaced, ...rotation }
  const named = { ...presented, grantId: formerRotations === null ? 'gr_1' : null }
  return standingOf({ family, isCurrent, last, formerRotations }, named, () => presented.hash !== 'made up')
}

const NOTHING = new Uint8Array(32)

test.each([
  ['the first one', family(0, [], NOW), token(0), { kind: 'current' }],
  ['another text with its count', family(0, [], NOW), { ...token(0), hash: 'other' }, { kind: 'unknown' }],
  ['one that is yet to come', family(0, [], NOW), token(1), { kind: 'unknown' }],
  ['the current one', family(3, [], NOW), token(3), { kind: 'current' }],
  ['the one it replaced', family(3, [], NOW), token(2), { kind: 'replaced', usedAt: NOW }],
  ['the one before, long ago', family(3, [], NOW), token(1), { kind: 'older', usedAt: null }],
  ['the one before, just now', family(3, [NOW - 9], NOW), token(1), { kind: 'older', usedAt: NOW - 9 }],
  ['two before', family(3, [NOW - 9], NOW), token(0), { kind: 'older', usedAt: null }],
  ['two before, just now', family(3, [NOW - 9, NOW - 5], NOW), token(0), { kind: 'older', usedAt: NOW - 9 }],
  ['one after a database was set back', family(3, [], NOW), token(5), { kind: 'unknown' }],
  ['an older one that proves nothing', family(3, [], NOW), { ...token(1), hash: 'made up' }, { kind: 'unknown' }],
  ['its count, another text', family(3, [], NOW), { ...token(3), hash: 'other' }, { kind: 'unknown' }],
  [
    'counting began again',
    family(ROTATIONS_COUNTED + 1, [], NOW),
    token(ROTATIONS_COUNTED - 1),
    { kind: 'older', usedAt: null },
  ],
  ['however many before', family(ROTATIONS_COUNTED - 1, [NOW], NOW), token(0), { kind: 'older', usedAt: null }],
  ['a whole round before', family(ROTATIONS_COUNTED, [NOW], NOW), token(0), { kind: 'older', usedAt: null }],
  ['more than a round before', family(ROTATIONS_COUNTED + 9, [NOW], NOW), token(2), { kind: 'older', usedAt: null }],
] as const)('%s', (_, of, presented, expected) => {
  expect(standing(of, presented)).toMatchObject(expected)
})

test('of a token that does not tell, the database knows how many came before it', () => {
  const of = family(3, [NOW - 9], NOW)
  const former = { hash: 'former', rotations: 0 }
  expect(standing(of, former, 1)).toMatchObject({ kind: 'older', usedAt: NOW - 9 })
  expect(standing(of, former, 0)).toMatchObject({ kind: 'older', usedAt: null })
})

test('rotations within the window are remembered, and those before it are not', () => {
  expect(earlierRotations(family(0, [], NOW).family, NOW, 30)).toBe(asText([]))
  expect(earlierRotations(family(1, [], NOW - 91).family, NOW, 30)).toBe(asText([]))
  // A minute more than that: a node whose clock is ahead must not forget for the others.
  expect(earlierRotations(family(1, [], NOW - 90).family, NOW, 30)).toBe(asText([NOW - 90]))
  expect(earlierRotations(family(4, [NOW - 120, NOW - 20], NOW - 5).family, NOW, 30)).toBe(asText([NOW - 20, NOW - 5]))
})

test('where clocks ran backwards none is left out between two others', () => {
  const { family: of } = family(4, [NOW - 20, NOW - 100], NOW - 5)
  expect(earlierRotations(of, NOW, 30)).toBe(asText([NOW - 20, NOW - 100, NOW - 5]))
})

test('of very many within one window the newest are remembered; whoever has an older one is not taken for a repeat', () => {
  let of = family(0, [], NOW)
  for (let rotations = 1; rotations <= 100; rotations++) {
    const earlier = earlierRotations(of.family, NOW + rotations, 300)
    of = family(rotations, [], NOW + rotations)
    of = { ...of, family: { ...of.family, earlierRotations: earlier } }
  }
  expect(of.family.earlierRotations).toBe(asText(Array.from({ length: 16 }, (_, at) => NOW + 84 + at)))
  // The token after which so many came was used when the next one was made.
  expect(standing(of, token(98))).toMatchObject({ kind: 'older', usedAt: NOW + 99 })
  expect(standing(of, token(83))).toMatchObject({ kind: 'older', usedAt: NOW + 84 })
  expect(standing(of, token(82))).toMatchObject({ kind: 'older', usedAt: null })
})
