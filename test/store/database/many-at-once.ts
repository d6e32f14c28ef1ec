// What a server behind a pooler has to do with few connections: many sign-ins, refreshes and redemptions side by side.

import { expect } from 'vitest'
import { type Caller, issuedBy } from '../../faults/support/caller.ts'

export async function expectManyAtOnce(caller: Caller): Promise<void> {
  const families = await Promise.all(Array.from({ length: 40 }, () => caller.tokens()))
  const renewed = (await Promise.all(families.map(({ refresh }) => caller.refresh(refresh)))).map(issuedBy)
  const told = await Promise.all(renewed.map(({ access }) => caller.userinfo(access)))
  expect(told.map(({ status }) => status)).toEqual(Array(40).fill(200))
  const [first] = renewed
  if (first === undefined) throw new Error('nothing was renewed')
  expect((await caller.revoke(first.refresh)).status).toBe(200)
  expect((await caller.refresh(first.refresh)).status).toBe(400)
  for (let round = 0; round < 5; round++) {
    const code = await caller.needCode()
    const replies = await Promise.all(Array.from({ length: 20 }, () => caller.redeem(code)))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1)
  }
}
