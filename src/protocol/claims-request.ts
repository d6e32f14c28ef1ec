// The `claims` parameter: single claims asked for by name, at user info and in the ID token. OpenID Connect Core §5.5.

import { invalidRequest, type OAuthError } from './errors.ts'

export type ClaimValue = string | number | boolean

/** One claim that is asked for. */
export interface ClaimWish {
  readonly name: string
  readonly essential?: true
  /** Wanted only with one of these values. Absent: with any value. */
  readonly values?: readonly ClaimValue[]
}

export interface ClaimsRequest {
  readonly userinfo: readonly ClaimWish[]
  readonly id_token: readonly ClaimWish[]
}

/** Bytes of UTF-8: as much as a whole authorization request may have. */
const LONGEST = 16_384
/** Levels of nesting. What the specification describes has four: `{"userinfo":{"address":{"value":{…}}}}`. */
const DEEPEST = 8
const MOST_CLAIMS = 100
const LONGEST_NAME = 128

/** Throws `invalid_request`. Members that §5.5 does not name are ignored, as it demands. */
export function parseClaimsRequest(text: string): ClaimsRequest {
  if (Buffer.byteLength(text) > LONGEST) throw malformed('is longer than 16384 bytes')
  // Checked before parsing: a parser may take a stack frame for each level.
  if (depthOf(text) > DEEPEST) throw malformed(`is nested more than ${DEEPEST} levels deep`)
  const request = objectOf(parseJson(text), 'must be a JSON object')
  return { userinfo: wishesOf(request, 'userinfo'), id_token: wishesOf(request, 'id_token') }
}

export function wishFor(wishes: readonly ClaimWish[], name: string): ClaimWish | undefined {
  return wishes.find((wish) => wish.name === name)
}

/** Whether a value is one of those that are wanted. */
export function isWanted({ values }: ClaimWish, value: unknown): boolean {
  return values === undefined || values.some((each) => each === value)
}

function wishesOf(request: object, door: keyof ClaimsRequest): readonly ClaimWish[] {
  const asked = memberOf(request, door)
  if (asked === undefined || asked === null) return []
  const claims = Object.entries(objectOf(asked, `must have an object as ${door}`))
  if (claims.length > MOST_CLAIMS) throw malformed(`asks for more than ${MOST_CLAIMS} claims in ${door}`)
  return claims.map(([name, wish]) => wishOf(name, wish))
}

function wishOf(name: string, wish: unknown): ClaimWish {
  if (name === '' || name.length > LONGEST_NAME) throw malformed('holds a claim name that is empty or too long')
  // OpenID Connect Core §5.5.1: null asks in the default manner.
  if (wish === null) return { name }
  const described = objectOf(wish, 'must give null or an object for each claim')
  const essential = memberOf(described, 'essential')
  if (essential !== undefined && typeof essential !== 'boolean') throw malformed('must have true or false as essential')
  const values = valuesOf(described)
  return { name, ...(essential === true && { essential }), ...(values !== undefined && { values }) }
}

function valuesOf(described: object): readonly ClaimValue[] | undefined {
  const value = memberOf(described, 'value')
  const values = memberOf(described, 'values')
  if (value === undefined && values === undefined) return undefined
  if (value !== undefined && values !== undefined) throw malformed('must not have value and values at once')
  if (value !== undefined) return [value].filter(isScalar)
  if (!Array.isArray(values) || values.length === 0) throw malformed('must have a list of values as values')
  return values.filter(isScalar)
}

/** Objects and lists equal nothing, so such a wish is never met. */
function isScalar(value: unknown): value is ClaimValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** Own members only, so that `__proto__` is a claim name like any other. */
function memberOf(object: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(object, name)?.value
}

function objectOf(value: unknown, problem: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw malformed(problem)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed('is not JSON')
  }
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let inText = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (inText) {
      if (character === '\\') at++
      else if (character === '"') inText = false
    } else if (character === '"') inText = true
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth)
    else if (character === '}' || character === ']') depth--
  }
  return deepest
}

function malformed(problem: string): OAuthError {
  return invalidRequest('claims_malformed', 'OpenID Connect Core §5.5', `The parameter claims ${problem}`)
}
