// A parameter sent twice has no meaning, because two readers may each believe another value. RFC 6749 §3.1, §3.2.

import { invalidRequest } from './errors.ts'
import type { Parameters } from './parameters.ts'

/** Throws `invalid_request` when a name is sent more than once, unless it is in `except`. */
export function assertSingle(parameters: Parameters, clause: string, except: readonly string[] = []): void {
  const [repeated] = parameters.repeated.filter((name) => !except.includes(name))
  if (repeated === undefined) return
  throw invalidRequest('parameter_repeated', clause, `${repeated.slice(0, 40)} is sent more than once`)
}
