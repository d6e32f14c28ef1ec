// Requests as the adapters would hand them over.

import type { HttpRequest } from '../../src/http/message.ts'
import type { RenderedPage } from '../../src/http/reply/page-reply.ts'

export interface RequestParts {
  readonly method?: string
  readonly path?: string
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly secure?: boolean
  readonly host?: string
  readonly address?: string
}

export function requestOf(parts: RequestParts = {}): HttpRequest {
  const { body = '' } = parts
  return {
    method: parts.method ?? 'GET',
    path: parts.path ?? '/',
    query: parts.query ?? '',
    headers: parts.headers ?? {},
    body: typeof body === 'string' ? Buffer.from(body) : body,
    peer: {
      address: parts.address ?? '192.0.2.1',
      secure: parts.secure ?? true,
      host: parts.host ?? 'sso.example.com',
    },
  }
}

export function formRequest(body: string | Uint8Array, contentType = 'application/x-www-form-urlencoded'): HttpRequest {
  return requestOf({ method: 'POST', headers: { 'content-type': contentType }, body })
}

/** A page as the pages make them; without a script unless said otherwise. */
export function renderedPage(changes: Partial<RenderedPage> = {}): RenderedPage {
  const page = { status: 200, html: '<p>', styleHash: "'sha256-c3R5bGU='", scriptHashes: [] }
  return { ...page, imageSource: "'self' data:", connectSource: "'none'", ...changes }
}
