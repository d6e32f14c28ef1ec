// All users as CSV or JSON Lines, in pieces and page by page. Cells that a spreadsheet would run as a formula are
// disarmed, and an import takes that off again: what comes out can go back in.

import type { User } from '../model/user.ts'
import type { Clock } from '../platform/clock.ts'
import type { EventVerbs } from '../store/verbs/events.ts'
import type { UserVerbs } from '../store/verbs/users.ts'
import { columnOf, TEXT_FIELDS } from './user-fields.ts'
import { COLUMNS } from './user-import/columns.ts'

export interface ExportParts {
  readonly store: UserVerbs & EventVerbs
  readonly clock: Clock
}

export interface ExportOptions {
  readonly format: 'csv' | 'jsonl'
  /** A byte order mark, by which Excel knows UTF-8. CSV only. */
  readonly bom?: boolean
  readonly passwordHashes?: boolean
  readonly progress?: (done: number) => void
}

const PAGE = 500

/** Text in pieces, to be written as UTF-8. The event is written before the first piece. */
export async function* exportUsers({ store, clock }: ExportParts, options: ExportOptions): AsyncGenerator<string> {
  const { format, bom = false, passwordHashes = false, progress } = options
  const detail = { format, passwordHashes }
  await store.appendEvents([{ type: 'users_exported', at: clock.now(), detail }])
  const columns = format === 'csv' ? await columnsOf(store, passwordHashes) : []
  if (format === 'csv') yield `${bom ? '\uFEFF' : ''}${columns.join(',')}\r\n`
  let done = 0
  for await (const users of pages(store)) {
    let text = ''
    for (const user of users) {
      const cells = cellsOf(user)
      if (passwordHashes) {
        const found = await store.findUser(user.userId)
        cells.set('password_hash', found?.passwordHash ?? null)
        cells.set('password_temporary', found?.passwordTemporary ?? null)
      }
      text += format === 'csv' ? csvLine(columns, cells) : jsonLine(cells)
    }
    yield text
    done += users.length
    progress?.(done)
  }
}

async function* pages(store: UserVerbs): AsyncGenerator<readonly User[]> {
  for (let after = ''; ; ) {
    const users = await store.listUsers(after, PAGE)
    const last = users.at(-1)
    if (last === undefined) return
    yield users
    after = last.userId
  }
}

/** A CSV header stands first, so the operator's own columns have to be found before. */
async function columnsOf(store: UserVerbs, passwordHashes: boolean): Promise<readonly string[]> {
  const custom = new Set<string>()
  for await (const users of pages(store)) {
    for (const { profile } of users) for (const name of Object.keys(profile.custom ?? {})) custom.add(`custom.${name}`)
  }
  return [...COLUMNS, ...(passwordHashes ? ['password_hash', 'password_temporary'] : []), ...[...custom].sort()]
}

type Cell = string | boolean | null

function cellsOf(user: User): Map<string, Cell> {
  const { profile } = user
  return new Map<string, Cell>([
    ['user_id', user.userId],
    ['username', user.username],
    ...TEXT_FIELDS.map((field): [string, Cell] => [columnOf(field), profile[field] ?? null]),
    ['phone', user.phone],
    ['phone_verified', user.phoneVerified],
    ['email', user.email],
    ['email_verified', user.emailVerified],
    ['enabled', user.enabled],
    ...Object.entries(profile.address ?? {}).map(([name, text]): [string, Cell] => [`address.${name}`, text]),
    ...Object.entries(profile.custom ?? {}).map(([name, text]): [string, Cell] => [`custom.${name}`, text]),
  ])
}

function csvLine(columns: readonly string[], cells: ReadonlyMap<string, Cell>): string {
  return `${columns.map((column) => csvCell(cells.get(column) ?? null)).join(',')}\r\n`
}

function csvCell(cell: Cell): string {
  if (cell === null) return ''
  const text = disarmed(String(cell))
  return /[",\r\n;\t]/.test(text) || text.trim() !== text ? `"${text.replaceAll('"', '""')}"` : text
}

/** A leading quote makes a spreadsheet show the text; where one stands before such a sign already, one more is added. */
function disarmed(text: string): string {
  return /^'*[=+\-@\t\r＝＋－＠]|^''/.test(text) ? `'${text}` : text
}

function jsonLine(cells: ReadonlyMap<string, Cell>): string {
  const nested: Record<string, Record<string, Cell>> = {}
  const members: [string, Cell | Record<string, Cell>][] = []
  for (const [column, cell] of cells) {
    const [group = '', name] = column.split('.')
    if (cell === null) continue
    if (name === undefined) members.push([column, cell])
    else {
      const known = nested[group]
      if (known === undefined) members.push([group, (nested[group] = { [name]: cell })])
      else known[name] = cell
    }
  }
  return `${JSON.stringify(Object.fromEntries(members))}\n`
}
