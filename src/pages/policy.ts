// The Content-Security-Policy of a page: nothing but what the page itself carries.

import type { Page } from './views.ts'

export interface PolicyOptions {
  /**
   * Besides `'self'`: the origin or scheme of this request's trusted redirect URI, because browsers apply `form-action`
   * to the redirect that answers a form.
   */
  readonly formAction?: readonly string[]
  /** Default: nobody may frame the page. */
  readonly frameAncestors?: readonly string[]
  /** Front-channel sign-out. */
  readonly frameSource?: readonly string[]
}

export function contentSecurityPolicy(page: Page, options: PolicyOptions = {}): string {
  const list = (sources: readonly string[] | undefined) =>
    sources && sources.length > 0 ? sources.join(' ') : "'none'"
  return [
    "default-src 'none'",
    `style-src ${page.styleHash}`,
    `script-src ${list(page.scriptHashes)}`,
    `img-src ${page.imageSource}`,
    `connect-src ${page.connectSource}`,
    `form-action ${["'self'", ...(options.formAction ?? [])].join(' ')}`,
    `frame-ancestors ${list(options.frameAncestors)}`,
    ...(options.frameSource && options.frameSource.length > 0 ? [`frame-src ${list(options.frameSource)}`] : []),
    "base-uri 'none'",
  ].join('; ')
}
