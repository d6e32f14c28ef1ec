// Between the signal to stop and the end: `/readyz` says that the server stops, and all else is answered, until the balancer in
// front has looked and sends nobody here any more.

import type { Handle } from '../http/handle.ts'
import type { HttpReply } from '../http/message.ts'
import type { Log } from '../platform/log.ts'

const STOPPING = JSON.stringify({ status: 'unready', reason: 'the server is stopping' })

/** Resolves when the seconds are over, or `sooner` is settled. */
export async function serveOn(seconds: number, sooner: Promise<unknown>, log: Log): Promise<void> {
  if (seconds === 0) return
  log.info('stopping: not ready any more; serving on until balancers have seen it', { for_s: seconds })
  const over = Promise.withResolvers<void>()
  const timer = setTimeout(over.resolve, seconds * 1000)
  await Promise.race([over.promise, sooner])
  clearTimeout(timer)
}

/** The same handler, except that `/readyz` says that the server is not ready. */
export function leaving(handle: Handle): Handle {
  return async (request) => {
    const reply = await handle(request)
    return request.path === '/readyz' && reply.status === 200 ? stopping(reply) : reply
  }
}

function stopping(reply: HttpReply): HttpReply {
  return { ...reply, status: 503, body: reply.body.length === 0 ? reply.body : STOPPING }
}
