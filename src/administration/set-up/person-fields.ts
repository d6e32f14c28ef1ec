// A person typed in on a page: each wrong field gets its own words, and nothing is saved unless all are right. Saved
// again for the same person, it corrects instead of adding.

import { PasswordHashingBusy } from '../../credentials/hashing-queue.ts'
import { findPasswordFault, type PasswordFault, SHORTEST_PASSWORD } from '../../credentials/password-text.ts'
import { BLANK_INSIDE, usernameKey } from '../../model/names/username.ts'
import type { UserWithPassword } from '../../model/user.ts'
import type { FieldProblem, Problems } from '../../pages/index.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import { checkUserFields } from '../user-fields.ts'
import { addUser, setPassword, UserRefused, updateUser } from '../users.ts'
import { LONGEST_FIELD, lengthProblem } from './name-field.ts'
import type { SetUpParts } from './parts.ts'
import { problemSentence } from './row-words.ts'

export interface TypedPerson {
  readonly username: string
  readonly name: string
  /** Empty: none was typed. */
  readonly password: string
  /** The password is not the person's own: they choose another at the first sign-in. */
  readonly passwordTemporary?: boolean
  /** Null: the form does not ask. */
  readonly phone: { readonly number: string; readonly verified: boolean } | null
}

/** `company` is asked of the administrator, and is no part of the person. */
export type PersonField = 'username' | 'name' | 'phone' | 'password' | 'company'

export function typed(form: Parameters, name: string): string {
  return (form.get(name) ?? '').slice(0, LONGEST_FIELD)
}

/** The user id, or what is wrong. `existing`: corrected rather than added; without a new password it keeps its own. */
export async function savePerson(
  parts: Pick<SetUpParts, 'store' | 'clock' | 'hasher'>,
  person: TypedPerson,
  existing: UserWithPassword | null,
  others: Problems<PersonField> = {},
): Promise<{ readonly userId: string } | { readonly problems: Problems<PersonField> }> {
  const problems = { ...others, ...(await problemsOf(person, existing)) }
  if (Object.keys(problems).length > 0) return { problems }
  const { username, name, password, passwordTemporary: temporary = false, phone } = person
  const fields = {
    username,
    name,
    ...(phone && { phone: phone.number, phoneVerified: phone.verified }),
  }
  try {
    if (existing === null) {
      const { userId } = await addUser(parts, { ...fields, password, temporary })
      return { userId }
    }
    const { userId } = existing
    await updateUser(parts, { userId }, fields)
    if (password !== '') await setPassword(parts, { userId }, password, { temporary })
    return { userId }
  } catch (error) {
    if (error instanceof PasswordHashingBusy) return { problems: { password: BUSY } }
    if (!(error instanceof UserRefused)) throw error
    const taken = conflictProblems(error)
    if (Object.keys(taken).length === 0) throw error
    return { problems: taken }
  }
}

async function problemsOf(person: TypedPerson, existing: UserWithPassword | null): Promise<Problems<PersonField>> {
  const { username, name, password, passwordTemporary, phone } = person
  const result = await checkUserFields(
    { username, displayName: name, ...(phone && { phone: phone.number, phoneVerified: phone.verified }) },
    { formerUsername: existing?.username ?? null },
  )
  const found = 'problems' in result ? result.problems : []
  const wrong = new Set(found.map(({ field }) => field))
  const isBlank = found.some(({ problem }) => problem === BLANK_INSIDE)
  const badPhone = found.find(({ field }) => field === 'phone')
  const keepsPassword = password === '' && existing !== null && existing.passwordHash !== null
  const isTurned = passwordTemporary !== undefined && passwordTemporary !== existing?.passwordTemporary
  const fault = findPasswordFault(password, username)
  return {
    ...(username.trim() === ''
      ? { username: REQUIRED }
      : wrong.has('username') && {
          username: lengthProblem(username.trim(), LONGEST_USERNAME) ?? {
            problem: isBlank ? 'username_blank' : 'username_forbidden',
          },
        }),
    ...(name.trim() === ''
      ? { name: REQUIRED }
      : wrong.has('name') && {
          name: lengthProblem(name.trim(), LONGEST_NAME) ?? { problem: 'text', text: NAME_FORBIDDEN },
        }),
    ...(phone !== null &&
      (phone.number.trim() === ''
        ? { phone: REQUIRED }
        : badPhone !== undefined && { phone: { problem: 'text', text: phoneText(badPhone) } })),
    ...(keepsPassword && isTurned && { password: TYPE_IT }),
    ...(!keepsPassword &&
      (password === '' ? { password: REQUIRED } : fault !== null && { password: passwordProblem(fault, password) })),
  }
}

const REQUIRED: FieldProblem = { problem: 'required' }
const BUSY: FieldProblem = {
  problem: 'text',
  text: {
    'zh-CN': '此刻有太多人在登录，密码没有保存。请稍候再输入一次。',
    en: 'Too many people are signing in at this moment, and the password was not saved. Enter it again in a moment.',
  },
}
/** What is kept is a hash, which says nothing of who has chosen it. */
const TYPE_IT: FieldProblem = {
  problem: 'text',
  text: {
    'zh-CN': '要更改是否为临时密码，请输入密码（原来的或新的）。',
    en: 'To change whether it is temporary, type a password, the same or another.',
  },
}
/** As `model/names/username.ts` and `user-fields.ts` have it. */
const LONGEST_USERNAME = 128
const LONGEST_NAME = 256
const LONGEST_PASSWORD = 1024

const NAME_FORBIDDEN = {
  'zh-CN': '此姓名含有不能使用的字符。',
  en: 'This name holds characters that cannot be used.',
}

/** What Excel did to the number, and how to mend it, is worth more than that it is none. */
function phoneText({ problem, hint }: { readonly problem: string; readonly hint?: string }) {
  const said = problemSentence({ column: 'phone', problem, ...(hint !== undefined && { hint }) })
  return { ...said, en: said.en.replace(/^phone /, 'The number ') }
}

function passwordProblem(fault: PasswordFault, password: string): FieldProblem {
  switch (fault) {
    case 'too_short':
      return { problem: 'too_short', limit: SHORTEST_PASSWORD }
    case 'too_long':
      return { problem: 'text', text: passwordTooLong(Buffer.byteLength(password)) }
    case 'same_as_username':
      return { problem: 'text', text: { 'zh-CN': '密码不能与用户名相同。', en: 'It must differ from the user name.' } }
    case 'too_common':
      return {
        problem: 'text',
        text: {
          'zh-CN': '这个密码太常见，请换一个。',
          en: 'This is among the first that anybody would try. Choose another.',
        },
      }
    case 'unusable_character':
      return {
        problem: 'text',
        text: { 'zh-CN': '密码含有不能使用的字符。', en: 'It holds a character that cannot be used.' },
      }
  }
}

/** Counted as hashes count it. */
function passwordTooLong(bytes: number) {
  return {
    'zh-CN': `共 ${bytes} 字节，最多允许 ${LONGEST_PASSWORD} 字节（一个汉字占三个字节）。`,
    en: `This has ${bytes} bytes; at most ${LONGEST_PASSWORD} are allowed (a Chinese character takes three).`,
  }
}

function conflictProblems({ problems }: UserRefused): Problems<PersonField> {
  const codes = new Set(problems.map(({ code }) => code))
  return {
    ...(codes.has('username_taken') && { username: { problem: 'username_taken' } }),
    ...(codes.has('phone_taken') && { phone: phoneTaken(problems) }),
  }
}

function phoneTaken(problems: UserRefused['problems']): FieldProblem {
  const { holder } = problems.find(({ code }) => code === 'phone_taken') ?? {}
  if (holder === undefined) return { problem: 'phone_taken' }
  return {
    problem: 'text',
    text: { 'zh-CN': `此手机号已属于 ${holder}。`, en: `${holder} has this phone number already.` },
  }
}

/** Null: nobody, or nobody any more. */
export async function knownPerson({ store }: Pick<SetUpParts, 'store'>, userId: string | null) {
  return userId === null ? null : await store.findUser(userId)
}

export function sameUsername(user: UserWithPassword | null, username: string): boolean {
  return user !== null && usernameKey(user.username) === usernameKey(username)
}
