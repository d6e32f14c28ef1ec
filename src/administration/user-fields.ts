// What may stand in the fields of a user, for one that is typed in and for the rows of an import alike: text in, a
// checked user out, or every problem with its field, its reason and how to mend it.

import { hiddenCharacter } from '../model/names/hidden-characters.ts'
import { BLANK_INSIDE, checkUserId, checkUsername, usernameKey } from '../model/names/username.ts'
import type { UserProfile } from '../model/user.ts'
import type { UserClaims } from '../store/verbs/users.ts'
import { recognisePhone } from './phone-number.ts'

/** Members of the profile that are one text each. */
export const TEXT_FIELDS = [
  'displayName',
  'givenName',
  'familyName',
  'middleName',
  'nickname',
  'profile',
  'picture',
  'website',
  'gender',
  'birthdate',
  'zoneinfo',
  'locale',
] as const
export type TextField = (typeof TEXT_FIELDS)[number]

/** OpenID Connect Core §5.1.1. */
export const ADDRESS_FIELDS = ['formatted', 'street_address', 'locality', 'region', 'postal_code', 'country'] as const

/** As typed or read from a file. Absent or null: unknown. */
export type UserFields = { readonly [Field in TextField]?: string | null } & {
  readonly userId?: string | null
  readonly username: string
  readonly phone?: string | null
  readonly phoneVerified?: boolean
  readonly email?: string | null
  readonly emailVerified?: boolean
  readonly address?: Readonly<Record<string, string>> | null
  readonly custom?: Readonly<Record<string, string>> | null
}

/** All but the id of one that has none yet, the password and the state. */
export interface CheckedUser {
  readonly userId: string | null
  readonly username: string
  readonly usernameKey: string
  readonly profile: UserProfile
  readonly phone: string | null
  readonly phoneVerified: boolean
  readonly email: string | null
  readonly emailVerified: boolean
}

export interface FieldProblem {
  /** As the columns of an import are called. */
  readonly field: string
  /** The end of a sentence that begins with the field's name. */
  readonly problem: string
  readonly hint?: string
}

/** `claims`: what only one user may have, as far as it is written as it should be. */
export type CheckedFields =
  | { readonly user: CheckedUser }
  | { readonly problems: readonly FieldProblem[]; readonly claims: Omit<UserClaims, 'enabled'> }

const LONGEST_TEXT = 256
const LONGEST_URL = 2_048
const LONGEST_CUSTOM = 2_000
const MOST_CUSTOM = 150
/** RFC 5321 §4.5.3.1. */
const LONGEST_EMAIL = 254
const ALONE = 'Give that too, or leave this out'

/** `formerUsername`: of somebody who is here. Whoever keeps it has it from a time when it was allowed. */
export async function checkUserFields(
  fields: UserFields,
  { formerUsername = null }: { readonly formerUsername?: string | null } = {},
): Promise<CheckedFields> {
  const problems: FieldProblem[] = []
  const note = (field: string, problem: string | null, hint?: string) => {
    if (problem !== null) problems.push(hint === undefined ? { field, problem } : { field, problem, hint })
  }
  const username = fields.username.trim()
  const isKept = formerUsername !== null && usernameKey(formerUsername) === usernameKey(username)
  const fault = isKept ? null : checkUsername(username)
  note('username', fault, fault === BLANK_INSIDE ? blankHint(username) : undefined)
  const userId = given(fields.userId)
  if (userId !== null) note('user_id', checkUserId(userId))
  const email = given(fields.email)
  if (email !== null) note('email', emailProblem(email))
  if (email === null && fields.emailVerified === true)
    note('email_verified', 'is set, but there is no e-mail address', ALONE)
  const phone = await phoneOf(fields, note)
  const profile = profileOf(fields, note)
  if (problems.length > 0) {
    const isRight = (name: string) => problems.every(({ field }) => field !== name)
    const claims = {
      userId: isRight('user_id') ? userId : null,
      usernameKey: isRight('username') ? usernameKey(username) : null,
      phone,
    }
    return { problems, claims }
  }
  const verified = { phoneVerified: fields.phoneVerified ?? false, emailVerified: fields.emailVerified ?? false }
  return { user: { userId, username, usernameKey: usernameKey(username), profile, phone, email, ...verified } }
}

type Note = (field: string, problem: string | null, hint?: string) => void

async function phoneOf({ phone, phoneVerified }: UserFields, note: Note): Promise<string | null> {
  const text = given(phone)
  if (text === null) {
    if (phoneVerified === true) note('phone_verified', 'is set, but there is no phone number', ALONE)
    return null
  }
  const recognised = await recognisePhone(text)
  if ('e164' in recognised) return recognised.e164
  note('phone', recognised.problem, recognised.hint)
  return null
}

function profileOf(fields: UserFields, note: Note): UserProfile {
  const profile: Record<string, unknown> = {}
  for (const field of TEXT_FIELDS) {
    const value = given(fields[field])
    if (value === null) continue
    const written = field === 'birthdate' ? isoDate(value) : value
    note(columnOf(field), textFieldProblem(field, written))
    profile[field] = written
  }
  const address = textsOf(fields.address, 'address', note)
  const strange = Object.keys(address).find((part) => !(ADDRESS_FIELDS as readonly string[]).includes(part))
  if (strange !== undefined) note(`address.${strange}`, `is not known; known are ${ADDRESS_FIELDS.join(', ')}`)
  if (Object.keys(address).length > 0) profile['address'] = address
  const custom = textsOf(fields.custom, 'custom', note)
  if (Object.keys(custom).length > MOST_CUSTOM) note('custom', `has more than ${MOST_CUSTOM} members`)
  const badName = Object.keys(custom).find((name) => !isCustomName(name))
  if (badName !== undefined) {
    note(`custom.${badName.slice(0, 64)}`, 'is not a name: up to 64 letters, digits, _ and - after custom.')
  }
  if (Object.keys(custom).length > 0) profile['custom'] = custom
  return profile
}

/** Claim maps read `custom.<name>` by the same rule. */
export function isCustomName(name: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(name) && name !== '__proto__'
}

function textsOf(
  texts: Readonly<Record<string, string>> | null | undefined,
  group: 'address' | 'custom',
  note: Note,
): Readonly<Record<string, string>> {
  const kept: [string, string][] = []
  for (const [name, text] of Object.entries(texts ?? {})) {
    const value = text.trim()
    if (value === '') continue
    // An address has lines.
    const flat = value.replace(/[\r\n\t]/g, ' ')
    note(`${group}.${name}`, textProblem(flat, LONGEST_CUSTOM) ?? (group === 'address' ? shownProblem(flat) : null))
    kept.push([name, value])
  }
  return Object.fromEntries(kept)
}

function textFieldProblem(field: TextField, value: string): string | null {
  if (field === 'profile' || field === 'picture' || field === 'website') return urlProblem(value)
  if (field === 'locale' && !/^[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*$/.test(value)) {
    return 'is no language tag such as zh-CN'
  }
  if (field === 'birthdate' && !isBirthdate(value)) return 'is no date such as 1990-01-31'
  return textProblem(value, LONGEST_TEXT) ?? shownProblem(value)
}

function textProblem(value: string, longest: number): string | null {
  if (Array.from(value).length > longest) return `has more than ${longest} characters`
  return /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(value) ? 'holds control characters' : null
}

/** Shown to their owner and to others: on the consent page, in the list of accounts, in applications. */
function shownProblem(value: string): string | null {
  const hidden = hiddenCharacter(value)
  return hidden === null ? null : `holds an invisible character (${hidden}), which nobody could see or type again`
}

function urlProblem(value: string): string | null {
  const good = value.length <= LONGEST_URL && /^https?:\/\/[^\s"<>\p{Cc}]+$/u.test(value) && URL.canParse(value)
  return good ? null : 'is no web address that begins with https://'
}

function emailProblem(email: string): string | null {
  if (email.length > LONGEST_EMAIL) return `has more than ${LONGEST_EMAIL} characters`
  const good = /^[^\s@"(),:;<>[\]\\\p{C}]{1,64}@[^\s@.,:;<>[\]\\\p{C}]+(?:\.[^\s@.,:;<>[\]\\\p{C}]+)*$/u.test(email)
  return good ? null : 'is no e-mail address such as alice@example.com'
}

/** OpenID Connect Core §5.1: YYYY-MM-DD, YYYY, or 0000-MM-DD. Spreadsheets write 1990/1/31. */
function isoDate(value: string): string {
  const [, year, month = '', day = ''] = /^(\d{4})[/.年-](\d{1,2})[/.月-](\d{1,2})日?$/.exec(value) ?? []
  return year === undefined ? value : `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
}

function isBirthdate(value: string): boolean {
  if (/^\d{4}$/.test(value)) return true
  const [, year = '', month = '', day = ''] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value) ?? []
  // A leap year stands in where the year is withheld.
  const date = new Date(`${year === '0000' ? '2000' : year}-${month}-${day}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day)
}

/** `displayName` is called `name`, as OpenID Connect does; the others are the same words with underscores. */
export function columnOf(field: TextField): string {
  return field === 'displayName' ? 'name' : field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function given(value: string | null | undefined): string | null {
  const trimmed = value?.trim() ?? ''
  return trimmed === '' ? null : trimmed
}

function blankHint(username: string): string {
  const example = username.replaceAll(/\s+/gu, '.')
  return `People type it at sign-in, where nobody sees one blank too many: leave blanks away, or write . - or _ in their place, as in ${example}`
}
