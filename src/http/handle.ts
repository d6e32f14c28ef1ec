// What answers requests, and how to call it so that there is always an answer.

import type { Log } from '../platform/log.ts'
import { describeFailure, failureReply } from './failures.ts'
import type { HttpReply, HttpRequest } from './message.ts'

export type Handle = (request: HttpRequest) => Promise<HttpReply>

/** Calls `answer` once, and again with a failure when the reply cannot be written. Throws nothing. */
export function ask(handle: Handle, request: HttpRequest, log: Log, answer: (reply: HttpReply) => void): void {
  const fail = (error: unknown) => {
    // The path is never logged: it may contain what opens an interaction or the set-up.
    log.error('A request failed', { method: request.method, ...describeFailure(error) })
    answer(failureReply(error))
  }
  let pending: Promise<HttpReply>
  try {
    pending = handle(request)
  } catch (error) {
    fail(error)
    return
  }
  pending.then((reply) => {
    try {
      answer(reply)
    } catch (error) {
      fail(error)
    }
  }, fail)
}
