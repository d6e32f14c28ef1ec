// prompt, max_age: what the client asks of the sign-in. OpenID Connect Core §3.1.2.1.

import { invalidRequest } from './errors.ts'

export const PROMPTS = ['none', 'login', 'consent', 'select_account'] as const
export type Prompt = (typeof PROMPTS)[number]

/** Unknown words are refused: a client that asks for something we cannot do must learn it. */
export function parsePrompt(text: string | undefined): readonly Prompt[] {
  if (text === undefined) return []
  const words = [...new Set(text.split(' ').filter((word) => word !== ''))]
  const unknown = words.find((word) => !(PROMPTS as readonly string[]).includes(word))
  if (unknown !== undefined) {
    throw invalidRequest('prompt_unknown', 'OpenID Connect Core §3.1.2.1', 'prompt has an unknown value')
  }
  if (words.includes('none') && words.length > 1) {
    throw invalidRequest('prompt_none_alone', 'OpenID Connect Core §3.1.2.1', 'prompt none goes with no other value')
  }
  return words as Prompt[]
}

/** Seconds, or null when absent. */
export function parseMaxAge(text: string | undefined): number | null {
  if (text === undefined) return null
  if (!/^\d{1,9}$/.test(text)) {
    throw invalidRequest(
      'max_age_malformed',
      'OpenID Connect Core §3.1.2.1',
      'max_age must be a whole number of seconds',
    )
  }
  return Number(text)
}
