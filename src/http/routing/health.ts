// Whether the process answers, and whether it can serve: what load balancers and supervisors ask.

import type { Endpoint } from '../message.ts'
import { json } from '../reply/replies.ts'
import type { Route } from './route.ts'

/** `unready`: why the server cannot serve now; null: it can. */
export function healthRoutes(unready: () => Promise<string | null>): readonly Route[] {
  const route = (path: string, endpoint: Endpoint): Route => ({ methods: ['GET'], path, endpoint, kind: 'health' })
  return [
    route('/healthz', async () => json(200, { status: 'ok' })),
    route('/readyz', async () => {
      const reason = await unready()
      return reason === null ? json(200, { status: 'ready' }) : json(503, { status: 'unready', reason })
    }),
  ]
}
