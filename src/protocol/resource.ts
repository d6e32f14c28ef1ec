// Resource indicators: absolute URIs that name what a token is meant for. RFC 8707 §2.

import { OAuthError } from './errors.ts'
import type { Parameters } from './parameters.ts'

/** More than any client names in one request; each costs a look-up. */
const MOST_RESOURCES = 5
const LONGEST_RESOURCE = 512

/** RFC 3986 §4.3: scheme, colon, and something behind it, in the characters that a URI may have. */
const ABSOLUTE_URI = /^[a-z][a-z0-9+.-]*:[\w\-.~:/?[\]@!$&'()*+,;=%]+$/i

/** Why a text cannot name a resource, as the end of a sentence; null: it can. */
export function resourceProblem(text: string): string | null {
  if (text.length > LONGEST_RESOURCE) return `is longer than ${LONGEST_RESOURCE} characters`
  // RFC 8707 §2: "It MUST be an absolute URI … The URI MUST NOT include a fragment component."
  if (text.includes('#')) return 'has a fragment'
  if (!ABSOLUTE_URI.test(text)) return 'is no absolute URI such as https://api.example.com'
  if (/^https?:/i.test(text) && !URL.canParse(text)) return 'is no web address'
  return null
}

/**
 * What two spellings of one resource have in common: `https://API.example.com` and `https://api.example.com/` are the
 * same (RFC 3986 §6.2.2, §6.2.3), and common clients add the slash. A path is compared character by character.
 */
export function resourceKey(identifier: string): string {
  const url = /^https?:/i.test(identifier) ? URL.parse(identifier) : null
  return url?.href ?? identifier
}

/** The resources that a request names, each once, in the order asked. Throws `invalid_target`. */
export function resourcesAsked(parameters: Parameters): readonly string[] {
  const asked = [...new Set(parameters.getAll('resource'))]
  if (asked.length > MOST_RESOURCES) {
    throw invalidTarget('resource_too_many', `more than ${MOST_RESOURCES} resources are named`)
  }
  for (const each of asked) {
    const problem = resourceProblem(each)
    if (problem !== null) throw invalidTarget('resource_malformed', `a resource ${problem}`)
  }
  return asked
}

/** RFC 8707 §2: the same answer whatever is wrong: which resources exist is not told. */
export function invalidTarget(rule: string, reason: string): OAuthError {
  return new OAuthError({
    error: 'invalid_target',
    description: 'The resource is malformed, unknown, or not one that this client may ask for here',
    rule,
    clause: 'RFC 8707 §2',
    reason,
  })
}
