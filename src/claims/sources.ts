// Reads the source of a claim from a user, as far as one client may have it, and converts the value to the type that
// the rule names.

import type { ClaimSource } from '../model/client/claim-rule.ts'
import type { ClaimRule, Client } from '../model/client/client.ts'
import type { User } from '../model/user.ts'
import { formatPhone } from './phone.ts'

export type SourceValue = string | number | boolean | Readonly<Record<string, string>>
/** Null, undefined and empty text are no value. */
export type Reader = (user: User) => SourceValue | null | undefined
type PhoneRules = Client['phone']
type SourceReader = (user: User, phoneRules: PhoneRules) => ReturnType<Reader>

type NamedSource = Exclude<ClaimSource, `custom.${string}`>

const READERS: Readonly<Record<NamedSource, SourceReader>> = {
  id: ({ userId }) => userId,
  username: ({ username }) => username,
  displayName: ({ profile }) => profile.displayName,
  givenName: ({ profile }) => profile.givenName,
  familyName: ({ profile }) => profile.familyName,
  middleName: ({ profile }) => profile.middleName,
  nickname: ({ profile }) => profile.nickname,
  profile: ({ profile }) => profile.profile,
  picture: ({ profile }) => profile.picture,
  website: ({ profile }) => profile.website,
  gender: ({ profile }) => profile.gender,
  birthdate: ({ profile }) => profile.birthdate,
  zoneinfo: ({ profile }) => profile.zoneinfo,
  locale: ({ profile }) => profile.locale,
  address: ({ profile: { address } }) => (address === undefined || Object.keys(address).length === 0 ? null : address),
  phone: phoneOf,
  // Without a number there is nothing that could be verified.
  phoneVerified: (user, rules) => (phoneOf(user, rules) === null ? null : user.phoneVerified),
  email: ({ email }) => email,
  emailVerified: ({ email, emailVerified }) => (email === null ? null : emailVerified),
  updatedAt: ({ updatedAt }) => updatedAt,
}

function phoneOf({ phone, phoneVerified }: User, rules: PhoneRules): string | null {
  return phone === null ? null : formatPhone(phone, phoneVerified, rules)
}

const named = new Map<string, SourceReader>(Object.entries(READERS))

/** How a client with these rules for phone numbers reads a field; a field that no longer exists has no value. */
export function readerOf(source: string, phoneRules: PhoneRules): Reader {
  if (source.startsWith('custom.')) {
    const name = source.slice('custom.'.length)
    return ({ profile: { custom } }) =>
      custom !== undefined && Object.hasOwn(custom, name) ? (custom[name] ?? null) : null
  }
  const read = named.get(source)
  return read === undefined ? () => null : (user) => read(user, phoneRules)
}

export function isNothing(value: ReturnType<Reader>): value is null | undefined | '' {
  return value === null || value === undefined || value === ''
}

/** Null where the value cannot be converted to that type: then the claim is left out, rather than wrong. */
export function typed(value: SourceValue, type: ClaimRule['type']): SourceValue | null {
  switch (type) {
    case 'json':
      return value
    case 'boolean':
      return booleanOf(value)
    case 'number':
      return numberOf(value)
    default:
      return textOf(value)
  }
}

function textOf(value: SourceValue): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

const YES = new Set(['true', '1', 'yes', 'y', '是'])
const NO = new Set(['false', '0', 'no', 'n', '否'])

function booleanOf(value: SourceValue): boolean | null {
  if (typeof value === 'boolean') return value
  const word = textOf(value).trim().toLowerCase()
  return YES.has(word) ? true : NO.has(word) ? false : null
}

/** Decimal notation only; a whole number that JSON readers would round does not count as a number. */
function numberOf(value: SourceValue): number | null {
  const text = textOf(value).trim()
  if (!/^-?\d{1,300}(\.\d{1,20})?$/.test(text)) return null
  const number = Number(text)
  return text.includes('.') || Number.isSafeInteger(number) ? number : null
}
