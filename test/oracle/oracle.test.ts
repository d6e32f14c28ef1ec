// The same promises asked of Lingpai and of the certified library `oidc-provider`. Ours must keep each; where the peer
// does otherwise, `differences.ts` says what it does and why we do not.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DIFFERENCES } from './differences.ts'
import { startOurs } from './ours.ts'
import { startPeer } from './peer.ts'
import { type Promised, titleOf } from './promise.ts'
import { authorizationRequest } from './promises/authorization-request.ts'
import { authorizationResponse } from './promises/authorization-response.ts'
import { boundTokens } from './promises/bound-tokens.ts'
import { pushedRequests } from './promises/pushed-requests.ts'
import { requestObjects } from './promises/request-objects.ts'
import { tokenRequest } from './promises/token-request.ts'
import { tokensInUse } from './promises/tokens-in-use.ts'
import type { Provider } from './provider.ts'

const PROMISES: readonly Promised[] = [
  ...authorizationRequest,
  ...authorizationResponse,
  ...tokenRequest,
  ...tokensInUse,
  ...requestObjects,
  ...pushedRequests,
  ...boundTokens,
]

let ours: Provider
let peer: Provider

beforeAll(async () => {
  ours = await startOurs()
  peer = await startPeer()
})
afterAll(async () => {
  await ours?.close()
  await peer?.close()
})

describe('Lingpai', () => {
  test.each(PROMISES.map((each) => [titleOf(each), each] as const))('%s', async (_, { observe, expects }) => {
    expect(await observe(ours)).toEqual(expects)
  })
})

describe('oidc-provider', () => {
  test.each(PROMISES.map((each) => [titleOf(each), each] as const))('%s', async (title, { observe, expects }) => {
    const difference = DIFFERENCES.find((each) => each.title === title)
    const sees = await observe(peer)
    expect(sees).toEqual(difference?.sees ?? expects)
  })
})

test('each difference that is written down belongs to a promise', () => {
  const titles = PROMISES.map(titleOf)
  expect(new Set(titles).size).toBe(titles.length)
  expect(DIFFERENCES.map(({ title }) => title).filter((title) => !titles.includes(title))).toEqual([])
})
