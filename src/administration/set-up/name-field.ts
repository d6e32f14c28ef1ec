// A name that people will read: of the company, or of the application.

import { hiddenCharacter } from '../../model/names/hidden-characters.ts'
import type { FieldProblem } from '../../pages/index.ts'

/** Null: it can be used, an empty one too. `longest` is in characters, as people count them. */
export function nameProblem(name: string, longest: number): FieldProblem | null {
  const trimmed = name.trim()
  const tooLong = lengthProblem(trimmed, longest)
  if (tooLong !== null) return tooLong
  const isForbidden = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(trimmed) || hiddenCharacter(trimmed) !== null
  return isForbidden ? { problem: 'label_forbidden' } : null
}

/** Characters of a field that are read at most: the same room as the store gives, so that what is shown again is what was typed. */
export const LONGEST_FIELD = 4096

export function lengthProblem(text: string, limit: number): FieldProblem | null {
  const length = Array.from(text).length
  return length > limit ? { problem: 'too_long', limit, length: text.length < LONGEST_FIELD ? length : null } : null
}
