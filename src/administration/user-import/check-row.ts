// One row of an import, checked: the user it stands for, or everything that is wrong with it.

import { findPasswordFault, PasswordRefused } from '../../credentials/password-text.ts'
import { recogniseHash } from '../../credentials/stored-hash.ts'
import type { UserClaims } from '../../store/verbs/users.ts'
import { type CheckedUser, checkUserFields, columnOf, TEXT_FIELDS, type UserFields } from '../user-fields.ts'
import type { CellProblem, RawRow } from './rows.ts'

export interface ImportRow extends CheckedUser {
  readonly line: number
  readonly enabled: boolean
  /** To be hashed. */
  readonly password: string | null
  readonly passwordHash: string | null
  /** Null: the file does not say. */
  readonly passwordTemporary: boolean | null
}

/** What a row would have for itself alone. */
export interface RowClaims extends UserClaims {
  readonly line: number
}

/** `claims`: null where it is not even sure which cell is which. */
export type CheckedRow =
  | { readonly row: ImportRow }
  | { readonly problems: readonly CellProblem[]; readonly claims: RowClaims | null }

const YES = new Set(['true', '1', 'yes', 'y', 't', '是', '真', '已验证', '启用'])
const NO = new Set(['false', '0', 'no', 'n', 'f', '否', '假', '未验证', '停用'])

export async function checkRow({ line, cells, problems: found }: RawRow): Promise<CheckedRow> {
  const problems = [...found]
  const flag = (column: string, fallback: boolean): boolean => {
    const cell = cells.get(column)?.normalize('NFKC').trim().toLowerCase() ?? ''
    if (YES.has(cell)) return true
    if (cell !== '' && !NO.has(cell)) {
      problems.push({ column, problem: 'is neither true nor false', hint: 'true, yes, 1, 是; or false, no, 0, 否' })
    }
    return cell === '' ? fallback : false
  }
  const enabled = flag('enabled', true)
  const isTemporary = flag('password_temporary', false)
  const fields: UserFields = {
    userId: cells.get('user_id') ?? null,
    username: cells.get('username') ?? '',
    phone: cells.get('phone') ?? null,
    phoneVerified: flag('phone_verified', false),
    email: cells.get('email') ?? null,
    emailVerified: flag('email_verified', false),
    address: group(cells, 'address.'),
    custom: group(cells, 'custom.'),
    ...Object.fromEntries(TEXT_FIELDS.map((field) => [field, cells.get(columnOf(field)) ?? null])),
  }
  const checked = await checkUserFields(fields)
  if ('problems' in checked) {
    problems.push(...checked.problems.map(({ field, ...problem }) => ({ column: field, ...problem })))
  }
  const password = cells.get('password') ?? null
  const passwordHash = cells.get('password_hash')?.trim() ?? null
  const wrong = passwordProblem(password, passwordHash, fields.username)
  if (wrong !== null) problems.push(wrong)
  if (problems.length > 0 || !('user' in checked)) {
    const { userId, usernameKey, phone } = 'user' in checked ? checked.user : checked.claims
    const isMisread = problems.some(({ column }) => column === null)
    return { problems, claims: isMisread ? null : { line, userId, usernameKey, phone, enabled } }
  }
  const passwordTemporary = (cells.get('password_temporary') ?? '').trim() === '' ? null : isTemporary
  return { row: { ...checked.user, line, enabled, password, passwordHash, passwordTemporary } }
}

function passwordProblem(password: string | null, hash: string | null, username: string): CellProblem | null {
  if (password !== null && hash !== null) {
    return { column: 'password', problem: 'stands beside a password_hash; a row may have only one of them' }
  }
  if (hash !== null) {
    const recognised = recogniseHash(hash)
    return recognised.known ? null : { column: 'password_hash', problem: `cannot be used: ${recognised.reason}` }
  }
  const fault = password === null ? null : findPasswordFault(password, username)
  if (fault === null) return null
  return { column: 'password', problem: new PasswordRefused(fault).message.replace(/^The password /, '') }
}

function group(cells: ReadonlyMap<string, string>, prefix: string): Readonly<Record<string, string>> {
  const members = [...cells].filter(([column]) => column.startsWith(prefix))
  return Object.fromEntries(members.map(([column, cell]) => [column.slice(prefix.length), cell]))
}
