// Which forms are ours: rendered by us, for this browser and for what they do, and posted from our own origin.

import type { KeyObject } from 'node:crypto'
import { csrfToken, isCsrfToken, isSameOrigin } from '../http/csrf.ts'
import type { HttpRequest } from '../http/message.ts'
import type { Visitor } from './visitor.ts'

export interface FormParts {
  /** Key of the anti-forgery values. */
  readonly csrfKey: KeyObject
  /** Where our own forms may come from: the issuer's origin, and those at which requests are answered too. */
  readonly origins: readonly string[]
}

/** Bound to the browser, and to what and whom the form was rendered for. */
export function formToken({ csrfKey }: Pick<FormParts, 'csrfKey'>, { visit }: Visitor, purpose: string): string {
  return csrfToken(csrfKey, visit, purpose)
}

/** RFC 6749 §10.12. A browser that sent no visit cookie was never shown a form of ours. */
export function isOwnForm(
  { csrfKey, origins }: FormParts,
  request: HttpRequest,
  { visit, isNew }: Visitor,
  purpose: string,
  presented: string | undefined,
): boolean {
  return !isNew && isSameOrigin(request, origins) && isCsrfToken(csrfKey, visit, purpose, presented)
}
