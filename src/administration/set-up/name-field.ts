// A name that people will read: of the company, or of the application.

import { hiddenCharacter } from '../../model/hidden-characters.ts'
import type { FieldProblem } from '../../pages/index.ts'

/** Null: it can be used, an empty one too. `longest` is in characters, as people count them. */
export function nameProblem(name: string, longest: number): FieldProblem | null {
  const trimmed = name.trim()
  if (Array.from(trimmed).length > longest) return { problem: 'too_long', limit: longest }
  const isForbidden = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(trimmed) || hiddenCharacter(trimmed) !== null
  return isForbidden ? { problem: 'label_forbidden' } : null
}
