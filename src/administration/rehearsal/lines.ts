// One line of a report: a promise of the contract that holds, does not hold, or wants a word of explanation.

import type { HttpReply } from '../../http/message.ts'
import type { ContractLineView } from '../../pages/index.ts'
import { hintOf } from '../trace/hints.ts'
import { header } from './wire.ts'
import { type Said, timing, token as words } from './words.ts'

export type Line = ContractLineView

export function line(state: Line['state'], clause: string, text: Said, explanation?: Said | null): Line {
  return { state, clause, text, ...(explanation !== undefined && explanation !== null && { explanation }) }
}

/** A line that holds or fails; `why` is shown only when it fails. */
export function promise(holds: boolean, clause: string, text: Said, why?: Said | null): Line {
  return holds ? line('ok', clause, text) : line('bad', clause, text, why)
}

/** The headings of the operator's own document. */
export const GUIDE = {
  authorize: '制作云 · 授权认证接口',
  token: '制作云 · 换取 AccessToken 接口',
  userinfo: '制作云 · 获取用户信息接口',
} as const

/** What the rule that refused means for the operator. */
export function whyRefused(reply: HttpReply): Said | null {
  const { outcome = null } = reply
  if (outcome === null) return null
  const { rule, reason } = outcome
  return hintOf(rule) ?? { 'zh-CN': reason, en: reason }
}

export function clauseOf(reply: HttpReply, otherwise: string): string {
  return reply.outcome?.clause ?? otherwise
}

const SLOW_MS = 1_000

export function timeLine(elapsed: number, clause: string): Line {
  const milliseconds = Math.max(1, Math.ceil(elapsed))
  return milliseconds > SLOW_MS
    ? line('note', clause, timing.slow(milliseconds), timing.slowWhy)
    : line('ok', clause, timing.quick(milliseconds))
}

/** RFC 6749 §5.1, OpenID Connect Core §5.3.2: what both machine endpoints promise of every reply. */
export function jsonLines(reply: HttpReply, clause: string): readonly Line[] {
  const type = header(reply, 'content-type')
  const isJson = /^application\/json(?:; *charset=utf-8)?$/i.test(type)
  return [
    promise(isJson, clause, words.json, words.jsonNot(type)),
    promise(/\bno-store\b/.test(header(reply, 'cache-control')), clause, words.noStore),
  ]
}
