// What a server has answered before a fault, and that it still holds afterwards.

import { expect } from 'vitest'
import { type Caller, type Issued, issuedBy } from './caller.ts'

/** What clients hold before something happens. */
export interface Given {
  readonly live: readonly Issued[]
  readonly spent: Issued
  readonly revoked: Issued
  readonly usedCode: string
}

export async function given(caller: Caller): Promise<Given> {
  const usedCode = await caller.needCode()
  const live = [issuedBy(await caller.redeem(usedCode)), await caller.tokens(), await caller.tokens()]
  const spent = await caller.tokens()
  issuedBy(await caller.refresh(issuedBy(await caller.refresh(spent.refresh)).refresh))
  const revoked = await caller.tokens()
  expect((await caller.revoke(revoked.refresh)).status).toBe(200)
  return { live, spent, revoked, usedCode }
}

export async function holds(caller: Caller, { live, spent, revoked, usedCode }: Given): Promise<void> {
  for (const { access } of live) expect((await caller.userinfo(access)).status).toBe(200)
  expect((await caller.userinfo(revoked.access)).status).toBe(401)
  for (const { refresh } of [revoked, spent]) expect((await caller.refresh(refresh)).status).toBe(400)
  for (const { refresh } of live.slice(1)) expect((await caller.refresh(refresh)).status).toBe(200)
  expect((await caller.redeem(usedCode)).status).toBe(400)
  expect((await caller.userinfo((await caller.tokens()).access)).status).toBe(200)
}

/** Refreshes one after the other, each of which is in the log. */
export async function busy(caller: Caller, until: () => boolean): Promise<readonly string[]> {
  let newest = await caller.tokens()
  const access = [newest.access]
  while (!until()) {
    const reply = await caller.refresh(newest.refresh)
    if (reply.status !== 200) break
    newest = issuedBy(reply)
    access.push(newest.access)
  }
  return access
}
