// The visitor's browser and the sessions it carries. Nothing is decided here.

import { readCookie, setCookie } from '../http/cookies.ts'
import type { HttpRequest } from '../http/message.ts'
import type { Seconds } from '../model/time.ts'
import { isSecret } from '../platform/random.ts'
import { readVisitor, type Visitor } from '../visitor/visitor.ts'

/** In one browser at most this many people can be signed in. */
export const MOST_SESSIONS = 5

export interface Browser extends Visitor {
  /** Secrets of its sessions, that of the current one first. */
  readonly sessionSecrets: readonly string[]
  readonly device: string | null
}

export function readBrowser(request: HttpRequest): Browser {
  return {
    ...readVisitor(request),
    sessionSecrets: (readCookie(request, 'session') ?? '').split('.').filter(isSecret).slice(0, MOST_SESSIONS),
    device: readCookie(request, 'device') ?? null,
  }
}

/** Cookie of the sessions, the current one first. Without `remember` it ends with the browser. */
export function sessionCookie(browser: Browser, secrets: readonly string[], remember: Seconds | null): string {
  return setCookie('session', [...new Set(secrets)].slice(0, MOST_SESSIONS).join('.'), {
    secure: browser.secure,
    ...(secrets.length === 0 ? { maxAge: 0 } : remember !== null && { maxAge: remember }),
  })
}
