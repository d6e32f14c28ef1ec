// From a rule to what it means for the operator: whether the request was answered or refused, and what to correct.

import type { Locale } from '../../pages/index.ts'
import { HINTS_EN } from './hints-en.ts'
import { HINTS_ZH } from './hints-zh.ts'

export type Hint = Readonly<Record<Locale, string>>

const ANSWERED: ReadonlySet<string> = new Set<keyof typeof HINTS_EN>([
  'person_needed',
  'code_issued',
  'token_issued',
  'user_info_answered',
  'token_active',
  'token_inactive',
  'token_revoked',
  'token_unknown',
  'signed_out',
  'sign_out_declined',
  'start_sent',
  'client_registered',
  'client_configuration_read',
  'client_updated',
  'client_removed',
])

/** Every rule that has a hint. */
export const HINTED_RULES: readonly string[] = Object.keys(HINTS_EN)

function isHinted(rule: string): rule is keyof typeof HINTS_EN {
  return Object.hasOwn(HINTS_EN, rule)
}

/** What to correct; null for a rule that is not known (it may come from a newer version). */
export function hintOf(rule: string): Hint | null {
  return isHinted(rule) ? { 'zh-CN': HINTS_ZH[rule], en: HINTS_EN[rule] } : null
}

/** Whether the rule stands for success: the endpoint did what it is there for. */
export function isAnswered(rule: string): boolean {
  return ANSWERED.has(rule)
}
