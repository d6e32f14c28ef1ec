// Request parameters as sent: decoded once, repetitions remembered. RFC 6749 §3.1: "Parameters sent without a value
// MUST be treated as if they were omitted", and none may appear twice.

export class Parameters {
  readonly #values: ReadonlyMap<string, string>
  readonly #repeated: ReadonlyMap<string, readonly string[]>

  /** `repeated`: for each name, the values that were sent after the first one. */
  constructor(values: ReadonlyMap<string, string>, repeated: ReadonlyMap<string, readonly string[]> = new Map()) {
    this.#values = values
    this.#repeated = repeated
  }

  /** The first value sent; undefined when absent or empty. */
  get(name: string): string | undefined {
    return this.#values.get(name) || undefined
  }

  /** Every value sent under a name that may be repeated, in the order sent; empty ones are left out. */
  getAll(name: string): readonly string[] {
    const first = this.get(name)
    const further = this.#repeated.get(name)
    if (further === undefined) return first === undefined ? [] : [first]
    return [first ?? '', ...further].filter((value) => value !== '')
  }

  isRepeated(name: string): boolean {
    return this.#repeated.has(name)
  }

  /** Names sent more than once, in the order met. */
  get repeated(): readonly string[] {
    return [...this.#repeated.keys()]
  }

  /** Every name sent, with or without a value. */
  get names(): readonly string[] {
    return [...this.#values.keys()]
  }
}

export class MalformedParameters extends Error {}

const NO_ESCAPE = /%(?![0-9a-f]{2})/i

function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  if (!spaced.includes('%')) return spaced
  try {
    return decodeURIComponent(spaced)
  } catch {
    throw new MalformedParameters(
      NO_ESCAPE.test(spaced)
        ? 'a percent sign is not followed by two hexadecimal digits'
        : 'the percent-encoded bytes are not UTF-8',
    )
  }
}

/** At most this many parameters are read: no request of ours or of any known client has more than 40. */
const MOST_PARAMETERS = 200

/**
 * Reads `application/x-www-form-urlencoded` text, from a body or a query.
 * Throws `MalformedParameters` for escapes that cannot be decoded, for U+0000, or for more than 200 parameters.
 */
export function parseForm(text: string): Parameters {
  // RFC 6749 appendix A: no parameter contains U+0000, and no column of PostgreSQL can hold it.
  if (text.includes('%00') || text.includes('\0')) throw new MalformedParameters('a parameter holds U+0000')
  const values = new Map<string, string>()
  let repeated: Map<string, string[]> | undefined
  let start = 0
  if (text === '') return new Parameters(values)
  for (let count = 0; start <= text.length; count++) {
    if (count === MOST_PARAMETERS) throw new MalformedParameters(`more than ${MOST_PARAMETERS} parameters`)
    let end = text.indexOf('&', start)
    if (end === -1) end = text.length
    if (end > start) {
      const pair = text.slice(start, end)
      const equals = pair.indexOf('=')
      const name = decode(equals === -1 ? pair : pair.slice(0, equals))
      const value = equals === -1 ? '' : decode(pair.slice(equals + 1))
      if (values.has(name)) {
        repeated ??= new Map()
        repeated.set(name, [...(repeated.get(name) ?? []), value])
      } else {
        values.set(name, value)
      }
    }
    start = end + 1
  }
  return new Parameters(values, repeated)
}
