// Kinds of options: how a value from a flag, a variable or the YAML file becomes a typed one, or what is wrong with it.
// Flags and variables are always text; YAML has numbers, booleans and lists of its own.

import { isIP } from 'node:net'
import type { SigningAlgorithm } from '../model/client/client.ts'
import type { Kind, Parsed } from '../model/setting.ts'
import type { Seconds } from '../model/time.ts'
import { ASYMMETRIC_ALGORITHMS } from '../protocol/jwk.ts'

const wrong = (problem: string) => ({ problem })

const YES = new Set(['true', 'yes', '1', 'on'])
const NO = new Set(['false', 'no', '0', 'off'])

export const yesOrNo: Kind<boolean> = {
  describes: 'true or false',
  parse(value) {
    if (typeof value === 'boolean') return { value }
    const word = typeof value === 'string' ? value.trim().toLowerCase() : ''
    if (YES.has(word)) return { value: true }
    return NO.has(word) ? { value: false } : wrong('must be true or false')
  },
}

export function wholeNumber(least: number, most: number): Kind<number> {
  const problem = `must be a whole number from ${least} to ${most}`
  return {
    describes: `whole number from ${least} to ${most}`,
    parse(value) {
      const number = numberOf(value)
      return number !== null && number >= least && number <= most ? { value: number } : wrong(problem)
    },
  }
}

function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : null
  return typeof value === 'string' && /^\d{1,15}$/.test(value.trim()) ? Number(value) : null
}

const SECONDS_OF: Readonly<Record<string, Seconds>> = { s: 1, m: 60, min: 60, h: 3_600, d: 86_400 }

/** Seconds, or a number with a unit: `90`, `90s`, `30m`, `12h`, `30d`. */
export function span(least: Seconds, most: Seconds): Kind<Seconds> {
  return {
    describes: `seconds or a span such as 30m, 12h or 30d; from ${spanText(least)} to ${spanText(most)}`,
    parse(value) {
      const seconds = secondsOf(value)
      if (seconds === null) return wrong('must be seconds, or a number with a unit: 90s, 30m, 12h, 30d')
      if (seconds < least || seconds > most) return wrong(`must lie between ${spanText(least)} and ${spanText(most)}`)
      return { value: seconds }
    },
  }
}

function secondsOf(value: unknown): Seconds | null {
  const plain = numberOf(value)
  if (plain !== null) return plain
  const match = typeof value === 'string' ? /^(\d{1,9})\s*(s|m|min|h|d)$/.exec(value.trim().toLowerCase()) : null
  const unit = SECONDS_OF[match?.[2] ?? '']
  return match === null || unit === undefined ? null : Number(match[1]) * unit
}

/** Writes seconds with the largest unit that needs no fraction: 43200 is `12h`. */
export function spanText(seconds: Seconds): string {
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
  ] as const) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`
  }
  return `${seconds}s`
}

const BYTES_OF: Readonly<Record<string, number>> = { kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3 }

export function bytes(least: number, most: number): Kind<number> {
  return {
    describes: `bytes or a size such as 256MiB; from ${bytesText(least)} to ${bytesText(most)}`,
    parse(value) {
      const match = typeof value === 'string' ? /^(\d{1,9})\s*(kib|mib|gib)$/.exec(value.trim().toLowerCase()) : null
      const size = match === null ? numberOf(value) : Number(match[1]) * (BYTES_OF[match[2] ?? ''] ?? 1)
      if (size === null) return wrong('must be bytes, or a number with a unit: 512KiB, 256MiB, 1GiB')
      if (size < least || size > most) return wrong(`must lie between ${bytesText(least)} and ${bytesText(most)}`)
      return { value: size }
    },
  }
}

export function bytesText(size: number): string {
  for (const [unit, factor] of [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ] as const) {
    if (size >= factor && size % factor === 0) return `${size / factor}${unit}`
  }
  return String(size)
}

/** A text without control characters for which `problemOf` finds nothing; null where the option may be left out. */
function textWhere(describes: string, problemOf: (text: string) => string | null): Kind<string> {
  return {
    describes,
    parse(value) {
      if (typeof value !== 'string') return wrong(`must be text: ${describes}`)
      const trimmed = value.trim()
      if (trimmed === '') return wrong('must not be empty')
      if (/\p{Cc}/u.test(trimmed)) return wrong('must not hold control characters')
      const problem = problemOf(trimmed)
      return problem === null ? { value: trimmed } : wrong(problem)
    },
  }
}

/** An option that may be absent: YAML says `null`. */
export function orNull<T>(kind: Kind<T>): Kind<T | null> {
  return {
    describes: kind.describes,
    parse: (value): Parsed<T | null> => (value === null ? { value } : kind.parse(value)),
  }
}

export const path: Kind<string> = textWhere('a path', () => null)

export const words: Kind<string> = textWhere('text, at most 200 characters', (text) =>
  text.length > 200 ? 'must have at most 200 characters' : null,
)

/** Never repeated in an error or a listing. */
export const secretText: Kind<string> = textWhere('text', () => null)

export const listenAddress: Kind<string> = textWhere('an IP address or a host name', (text) =>
  isIP(text) !== 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text)
    ? null
    : 'must be an IP address or a host name, without a port (the port is an option of its own)',
)

export const colour: Kind<string> = textWhere('a colour such as #0c6b64', (text) =>
  /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text) ? null : 'must be a colour such as #0c6b64',
)

export const link: Kind<string> = textWhere('an http or https address', (text) =>
  /^https?:\/\/[^\s"<>]+$/i.test(text) && URL.canParse(text) ? null : 'must be an address that begins with https://',
)

export const postgresUrl: Kind<string> = textWhere('postgres://user:password@host:5432/name', (text) =>
  /^postgres(ql)?:\/\/./i.test(text) && URL.canParse(text)
    ? null
    : 'must be an address such as postgres://user:password@host:5432/name',
)

export const schemaName: Kind<string> = textWhere('a name of [a-z0-9_], at most 63 characters', (text) =>
  /^[a-z_][a-z0-9_]{0,62}$/.test(text) ? null : 'must be 1 to 63 of [a-z0-9_], not beginning with a digit',
)

export const prefixPath: Kind<string> = {
  describes: 'a path such as /sso, or empty for none',
  parse(value) {
    if (typeof value !== 'string') return wrong('must be a path such as /sso')
    const bare = value.trim().replace(/\/+$/, '')
    if (bare === '' || /^(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/.test(bare)) return { value: bare }
    return wrong('must be a path such as /sso: segments of [A-Za-z0-9._~-], each after a slash')
  },
}

/** From flags and variables separated by commas or blanks; from YAML a list. */
function list(describes: string, problemOf: (entry: string) => string | null): Kind<readonly string[]> {
  return {
    describes,
    parse(value) {
      const entries = typeof value === 'string' ? [value] : value
      if (!Array.isArray(entries) || !entries.every((each) => typeof each === 'string'))
        return wrong(`must be a list: ${describes}`)
      const split = entries.flatMap((each) => each.split(/[\s,]+/)).filter((each) => each !== '')
      for (const entry of split) {
        const problem = problemOf(entry)
        if (problem !== null) return wrong(`holds ${JSON.stringify(entry.slice(0, 200))}, which ${problem}`)
      }
      return { value: [...new Set(split)] }
    },
  }
}

export const networks = list('IP addresses or networks such as 10.0.0.0/8', (entry) => {
  const [address = '', bits, ...rest] = entry.split('/')
  const family = isIP(address)
  const most = family === 4 ? 32 : 128
  const good =
    family !== 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
  return good ? null : 'is neither an IP address nor a network (such as 10.0.0.0/8)'
})

const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

export const hosts = list('host names, or origins such as http://sso.internal:4000', (entry) => {
  const origin = entry.includes('://') ? entry : `https://${entry}`
  const good = URL.canParse(origin) && /^https?:\/\//i.test(origin) && HOST.test(origin.replace(/^https?:\/\//i, ''))
  return good ? null : 'is neither a host such as sso.internal:8443 nor an origin such as http://sso.internal:4000'
})

/**
 * Each entry must be one exact host and port: a missing port would have to be guessed, and a pattern could allow more
 * hosts than meant.
 */
export const hostsWithPorts = list('hosts with their ports, such as keys.internal:8443', (entry) => {
  const url = `http://${entry}`
  const isExact = HOST.test(entry) && /:\d{1,5}$/.test(entry) && URL.canParse(url) && entry.endsWith(`:${portOf(url)}`)
  return isExact ? null : 'is not a host with its port, such as keys.internal:8443'
})

function portOf(url: string): string {
  const { port } = new URL(url)
  return port === '' ? '80' : port
}

const algorithmNames = list(`names of ${ASYMMETRIC_ALGORITHMS.join(', ')}`, (entry) =>
  ASYMMETRIC_ALGORITHMS.some((each) => each === entry) ? null : `is none of ${ASYMMETRIC_ALGORITHMS.join(', ')}`,
)

export const signingAlgorithms: Kind<readonly SigningAlgorithm[]> = {
  describes: algorithmNames.describes,
  parse(value) {
    const parsed = algorithmNames.parse(value)
    if ('problem' in parsed) return parsed
    const named = parsed.value.flatMap((name) => ASYMMETRIC_ALGORITHMS.filter((each) => each === name))
    // OpenID Connect Discovery §3 demands RS256. It is also what a client gets that names no algorithm.
    return named.includes('RS256') ? { value: named } : wrong('must hold RS256, which any client may rely on')
  },
}
