// Which forms are ours: rendered by us, for this browser and this purpose, and posted from our own origin.

import type { KeyObject } from 'node:crypto'
import { csrfToken, isCsrfToken, isSameOrigin } from '../http/csrf.ts'
import type { HttpRequest } from '../http/message.ts'
import type { Visitor } from './visitor.ts'

export interface FormParts {
  /** Key for the anti-forgery values. */
  readonly csrfKey: KeyObject
  /** Where our own forms may come from: the issuer's origin, and the alternative ones. */
  readonly origins: readonly string[]
}

/** Bound to the browser, to what the form does, and to whom it was rendered for. */
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
