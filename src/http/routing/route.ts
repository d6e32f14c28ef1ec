// What a URL of ours is: its methods, its path, who answers, and how refusals look there.

import type { HttpReply, HttpRequest } from '../message.ts'
import type { CorsPolicy } from './cors.ts'

export type RouteParameters = Readonly<Record<string, string>>
export type RouteEndpoint = (request: HttpRequest, parameters: RouteParameters) => Promise<HttpReply>

export interface Route {
  /** HEAD follows GET; the endpoint then sees GET. */
  readonly methods: readonly ('GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE')[]
  /** Exact, or with parameter segments: `/sso/sign-in/{id}`. */
  readonly path: string
  readonly endpoint: RouteEndpoint
  readonly cors?: CorsPolicy
  /** `page`: refusals are pages. `machine`: refusals are JSON. `health`: answered for any host and scheme. */
  readonly kind: 'machine' | 'page' | 'health'
}
