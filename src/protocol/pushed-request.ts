// How a pushed authorization request is named. RFC 9126 §2.2, RFC 9101 §5.2.

import { Parameters } from './parameters.ts'

const PREFIX = 'urn:ietf:params:oauth:request_uri:'

export function requestUriOf(reference: string): string {
  return `${PREFIX}${reference}`
}

/** Null: the address names no request that was pushed here. */
export function referenceIn(requestUri: string): string | null {
  return requestUri.startsWith(PREFIX) ? requestUri.slice(PREFIX.length) : null
}

/** Names that stand there several times were sent so. */
export function parametersFrom(pairs: readonly (readonly [name: string, value: string])[]): Parameters {
  const values = new Map<string, string>()
  const repeated = new Map<string, readonly string[]>()
  for (const [name, value] of pairs) {
    if (values.has(name)) repeated.set(name, [...(repeated.get(name) ?? []), value])
    else values.set(name, value)
  }
  return new Parameters(values, repeated)
}
