// A request's parameters, from its query, a form body or a flat JSON body. Bytes that are not UTF-8, other charsets and
// other media types are refused here, so that no later code reads a body a second time or in another way.

import { isUtf8 } from 'node:buffer'
import { invalidRequest } from '../../protocol/errors.ts'
import { MalformedParameters, Parameters, parseForm } from '../../protocol/parameters.ts'
import type { HttpRequest } from '../message.ts'

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

/** The body as text. Throws `invalid_request` for bytes that are no UTF-8. */
export function bodyText(request: HttpRequest): string {
  const { body } = request
  if (body.length === 0) return ''
  if (!isUtf8(body)) throw invalidRequest('body_not_utf8', 'RFC 6749 appendix B', 'The body is not UTF-8')
  const buffer = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  return buffer.toString('utf8')
}

/**
 * The media type in lower case without its parameters; empty when no Content-Type was sent.
 * Throws `invalid_request` for a charset other than UTF-8 or US-ASCII: reading it as UTF-8 would read something else.
 */
export function mediaType(headers: HttpRequest['headers']): string {
  const header = headers['content-type']
  if (header === undefined || header === FORM) return header ?? ''
  const end = header.indexOf(';')
  if (end === -1) return header.trim().toLowerCase()
  const charset = /;\s*charset\s*=\s*(?:"([^"]*)"|([^;\s]*))/i.exec(header)
  const name = (charset?.[1] ?? charset?.[2])?.trim().toLowerCase()
  if (name !== undefined && name !== 'utf-8' && name !== 'utf8' && name !== 'us-ascii') {
    throw invalidRequest('charset_unsupported', 'RFC 6749 appendix B', 'The charset of the body must be UTF-8')
  }
  return header.slice(0, end).trim().toLowerCase()
}

/** The query's parameters. */
export function readQuery(request: HttpRequest): Parameters {
  return parse(request.query, 'query')
}

/** A form body's parameters. An empty body needs no Content-Type. */
export function readForm(request: HttpRequest): Parameters {
  if (mediaType(request.headers) !== FORM) {
    if (request.body.length === 0 && request.headers['content-type'] === undefined) return new Parameters(new Map())
    throw invalidRequest('content_type_unsupported', 'RFC 6749 §3.2', `The Content-Type must be ${FORM}`)
  }
  return parse(bodyText(request), 'body')
}

function parse(text: string, where: 'body' | 'query'): Parameters {
  try {
    return parseForm(text)
  } catch (error) {
    if (!(error instanceof MalformedParameters)) throw error
    throw invalidRequest('parameters_malformed', 'RFC 6749 appendix B', `The ${where} cannot be read: ${error.message}`)
  }
}

/** A form or a flat JSON body, by its Content-Type. */
export function readFormOrJson(request: HttpRequest): Parameters {
  return mediaType(request.headers) === JSON_TYPE ? readJson(request) : readForm(request)
}

/**
 * A JSON object of strings, numbers and booleans (these become their text). A member named twice, a nested value or
 * null is refused: they cannot mean one parameter.
 */
export function readJson(request: HttpRequest): Parameters {
  if (mediaType(request.headers) !== JSON_TYPE) {
    throw invalidRequest('content_type_unsupported', 'RFC 6749 §3.2', `The Content-Type must be ${JSON_TYPE}`)
  }
  const source = bodyText(request)
  const members = Object.entries(parseObject(source))
  // JSON.parse keeps the last of two members with one name. RFC 8259 §4.
  if (countColons(source) !== members.length) {
    throw invalidRequest('json_not_flat', 'RFC 8259 §4', 'Each JSON member must have its own name and no nested value')
  }
  const values = new Map<string, string>()
  for (const [name, value] of members) {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw invalidRequest('json_not_flat', 'RFC 8259 §4', 'JSON members must be strings, numbers or booleans')
    }
    if (name.includes('\0') || String(value).includes('\0')) {
      throw invalidRequest('parameters_malformed', 'RFC 6749 appendix A', 'A JSON member holds U+0000')
    }
    values.set(name, String(value))
  }
  return new Parameters(values)
}

function parseObject(source: string): object {
  let value: unknown
  try {
    value = JSON.parse(source)
  } catch {
    // The parser's own message quotes the body, which may hold a secret.
    throw invalidRequest('json_malformed', 'RFC 8259 §2', 'The body is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidRequest('json_malformed', 'RFC 8259 §4', 'The body must be a JSON object')
  }
  return value
}

/** Colons outside strings of text that is known to be JSON: one for each member at any depth. */
function countColons(source: string): number {
  let count = 0
  let quoted = false
  for (let at = 0; at < source.length; at++) {
    const sign = source[at]
    if (quoted && sign === '\\') at++
    else if (sign === '"') quoted = !quoted
    else if (sign === ':' && !quoted) count++
  }
  return count
}
