// How a failure is told: one line that says what went wrong and what to do, a name for programs, and an exit code.

import { AdministrationError, type AdministrationErrorCode } from '../../administration/errors.ts'
import { CannotStart, type StartObstacle } from '../../composition/settings.ts'
import { OptionsError } from '../../options/index.ts'
import type { Locale } from '../../pages/index.ts'
import { SchemaMismatch, TablesOfAnother } from '../../store/schema/migrate.ts'
import { type Flags, tip, withTips } from '../flags.ts'
import { CommandFailed, EXIT, endWith, type Output } from '../output.ts'
import { type Failure, failureInChinese, type Met } from './in-chinese.ts'

/** Exit codes of those failures of administration for which "it failed" (1) would say too little. */
const EXIT_CODES: Readonly<Partial<Record<AdministrationErrorCode, number>>> = {
  client_not_found: EXIT.notFound,
  registration_token_not_found: EXIT.notFound,
  user_not_found: EXIT.notFound,
  consent_not_found: EXIT.notFound,
  session_not_found: EXIT.notFound,
  resource_not_found: EXIT.notFound,
  resource_taken: EXIT.conflict,
  resource_changed: EXIT.conflict,
  invalid_resource: EXIT.usage,
  unknown_preset: EXIT.notFound,
  client_id_taken: EXIT.conflict,
  client_changed: EXIT.conflict,
  user_changed: EXIT.conflict,
  user_id_taken: EXIT.conflict,
  username_taken: EXIT.conflict,
  phone_taken: EXIT.conflict,
  file_exists: EXIT.conflict,
  folder_not_empty: EXIT.conflict,
  invalid_setting: EXIT.usage,
  invalid_client: EXIT.usage,
  sector_identifier: EXIT.usage,
  invalid_user: EXIT.usage,
  invalid_phone: EXIT.usage,
  weak_secret: EXIT.usage,
  weak_password: EXIT.usage,
  unreadable_file: EXIT.usage,
  unknown_column: EXIT.usage,
  unusable_key: EXIT.usage,
  passphrase_required: EXIT.usage,
  private_key_required: EXIT.usage,
  master_key_required: EXIT.usage,
  backup_unsupported: EXIT.usage,
  folder_unusable: EXIT.unavailable,
  key_not_found: EXIT.notFound,
  key_waits: EXIT.conflict,
  key_unused: EXIT.conflict,
  key_in_use: EXIT.conflict,
  key_changed: EXIT.conflict,
}

/** Hints that name a command or a flag, which administration, being used by pages as well, does not know. */
const HINTS: Readonly<Partial<Record<AdministrationErrorCode, (flags: Flags) => string>>> = {
  client_not_found: (flags) => `See: ${tip('client list', flags)}`,
  registration_token_not_found: (flags) => `See: ${tip('registration-token list', flags)}`,
  user_not_found: (flags) => `See: ${tip('user list', flags)}`,
  resource_not_found: (flags) => `See: ${tip('resource list', flags)}`,
  session_not_found: (flags) => `See: ${tip('session list --user USERNAME', flags)}`,
  unknown_preset: () => 'See: npx lingpai preset list',
  passphrase_required: () => 'Give the file that holds it: --passphrase-file FILE',
  private_key_required: () => 'Give the file that holds it: --private-key-file FILE',
  key_not_found: (flags) => `See: ${tip('key list', flags)}`,
  master_key_required: () => 'Give the master.key that belongs to it: --master-key-file FILE',
}

/** Flags that name the file of a key. Administration sees only the content, so the file is named here. */
const KEY_FILES = { recipientKeyFile: '--recipient-key-file', privateKeyFile: '--private-key-file' } as const

const UNAVAILABLE = new Set(['StoreUnavailable', 'AlreadyOwned', 'CannotListen'])
const PLAIN = new Set(['MasterKeyUnusable', 'SchemaMismatch', 'SealBroken'])

/**
 * Why a server cannot start. Where the same start would fail again, a service manager must not repeat it: it knows by
 * the exit code, see docs/guides/service.md.
 */
const OBSTACLES: Readonly<Record<StartObstacle, { readonly exitCode: number; readonly code: string }>> = {
  settings: { exitCode: EXIT.usage, code: 'invalid_option' },
  wrong_key: { exitCode: EXIT.outdated, code: 'wrong_key' },
  issuer_changed: { exitCode: EXIT.usage, code: 'issuer_changed' },
  unfinished: { exitCode: EXIT.unavailable, code: 'unavailable' },
}

interface Described {
  readonly exitCode: number
  readonly code: string
  readonly message: string
  readonly hint: string | null
}

/** Says what went wrong and what to do next; resolves to the exit code. */
export function report(output: Output, error: unknown, flags: Flags): number {
  const { exitCode, code, hint, message: told } = describe(error, flags)
  const message = sentence(told)
  output.progressDone()
  endWith(exitCode)
  output.result({ error: code, message, ...(hint !== null && { hint }) })
  output.note(failureText({ message, hint: hint === null ? null : ended(hint) }, output.language, { error, flags }))
  return exitCode
}

/** For people. */
export function failureText(failure: Failure, language: Locale, met: Met = {}): string {
  const chinese = language === 'zh-CN' ? failureInChinese(failure, met) : null
  if (chinese !== null) return `错误：${chinese}`
  const { message, hint } = failure
  return `Error: ${message}${hint === null ? '' : `${message.includes('\n') ? '\n' : ' '}${hint}`}`
}

function describe(error: unknown, flags: Flags): Described {
  if (error instanceof CommandFailed) return error
  if (error instanceof AdministrationError) {
    const { code, hint } = error
    const message = code === 'unusable_key' ? `${error.message}: ${keyFile(flags)}` : error.message
    const told = HINTS[code]?.(flags) ?? (hint === null ? null : withTips(hint, flags))
    return { exitCode: EXIT_CODES[code] ?? EXIT.failed, code, message, hint: told }
  }
  if (error instanceof OptionsError) {
    const isUnreadable = error.problems.every((problem) => problem.includes(' cannot be read: '))
    const hint = isUnreadable ? null : 'See: npx lingpai start --help'
    return { exitCode: EXIT.usage, code: 'invalid_option', message: error.problems.join('\n       '), hint }
  }
  if (!(error instanceof Error)) return { exitCode: EXIT.failed, code: 'failed', message: String(error), hint: null }
  const { name, message } = error
  if (name === 'CannotListen' && message.startsWith('The certificate')) {
    const hint = 'See --tls-cert and --tls-key: both are files in PEM form that belong together.'
    return { exitCode: EXIT.usage, code: 'certificate_unusable', message, hint }
  }
  if (UNAVAILABLE.has(name)) {
    return { exitCode: EXIT.unavailable, code: 'unavailable', message, hint: wayOn(error, flags) }
  }
  if (error instanceof SchemaMismatch && error.isNewer) {
    const hint = 'Run the release that has changed it, or restore a backup from before into a folder of its own.'
    return { exitCode: EXIT.outdated, code: 'newer_database', message, hint }
  }
  if (error instanceof TablesOfAnother) {
    const hint =
      error.dialect === 'sqlite'
        ? 'Name another folder with --data.'
        : 'Make an empty database with createdb, or name a schema of its own with --database-schema.'
    return { exitCode: EXIT.conflict, code: 'database_not_empty', message, hint }
  }
  if (error instanceof CannotStart) return { ...OBSTACLES[error.obstacle], message, hint: null }
  if (PLAIN.has(name)) return { exitCode: EXIT.failed, code: 'failed', message, hint: null }
  // The message of an unforeseen error may repeat what it was given, secrets included: its kind and its place do not.
  const told = `Lingpai met a fault of its own (${kindOf(error)}${placeOf(error)}). Nothing was half done`
  return { exitCode: EXIT.failed, code: 'fault', message: told, hint: 'Please report this line, and what was asked.' }
}

function keyFile(flags: Flags): string {
  const given = Object.entries(KEY_FILES).filter(([name]) => typeof flags[name] === 'string')
  return given.map(([name, flag]) => `${String(flags[name])} (${flag})`).join(', ')
}

function wayOn({ name, message }: Error, flags: Flags): string | null {
  if (name === 'AlreadyOwned') return 'Stop that one first, or give this one a folder of its own with --data.'
  if (/^the database does not answer .*certificate/.test(message)) {
    return 'See sslrootcert in the address of the database: a PEM file with the authority that its certificate comes from.'
  }
  const address = `Which address is used: ${tip('config show', flags)}`
  // SQLSTATE: invalid_catalog_name, and the class of authorization.
  if (message.startsWith('the database refuses (3D000')) {
    return `Make it (createdb -E UTF8 -T template0 NAME), or correct the address. ${address}`
  }
  if (message.startsWith('the database refuses (28'))
    return `Correct the role or its password in the address. ${address}`
  if (/^the database (does not answer|refuses)/.test(message)) {
    return `See that PostgreSQL runs and which address is used: ${tip('config show', flags)}`
  }
  if (/the database file is damaged|the file is not a database/.test(message)) {
    return 'Keep the folder as it is, and restore a backup into a new one: npx lingpai restore BACKUP --data FOLDER'
  }
  // On PostgreSQL there is no folder to name: the address says where the data is.
  if (flags['database'] === undefined && /read-only|cannot be opened|cannot be used: EACCES/.test(message)) {
    return `Run it as the user whose files these are, or give this one the right to write there. Which folder is used: ${tip('config show', flags)}`
  }
  return null
}

function kindOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? `${error.name} ${error.code}` : error.name
}

/** File and line of our own code that is nearest to where the error was thrown. */
function placeOf({ stack = '' }: Error): string {
  const [, place] = /\b((?:src|dist)\/[^\s:()]+:\d+)/.exec(stack) ?? []
  return place === undefined ? '' : ` at ${place}`
}

/**
 * The message as a sentence for people. Node's `ENOENT: no such file or directory, open '/a/b'` would repeat the name,
 * and use a word that few people know.
 */
function sentence(text: string): string {
  const plain = text
    .replaceAll(/\bE[A-Z]{3,}: ([^,\n]+), \w+(?: '[^'\n]*')?(?: -> '[^'\n]*')?/g, '$1')
    .replace(/(?<= cannot be read: )(?:ENOENT\b|no such file or directory)/, 'no such file')
    .replace(/(?<= cannot be read: )(?:EACCES\b|permission denied)/, 'this user may not read it')
    .replace(/(?<= cannot be read: )illegal operation on a directory/, 'it is a folder')
    .replace(/(?<= cannot be written(?: in [^:]+)?: )no such file or directory/, 'there is no such folder')
    .replace(/(?<= cannot be written(?: in [^:]+)?: )permission denied/, 'this user may not write there')
    .replace('(ENOENT)', '(no such file)')
    .replace('(EACCES)', '(this user may not read it)')
  return ended(
    plain.replace(/^(?:the|another|this|no|an?) (?!is )/, (word) => word.charAt(0).toUpperCase() + word.slice(1)),
  )
}

/**
 * Adds a full stop, unless the text ends in a command, a flag or an address, which people copy. A flag at the very
 * beginning does not count: it names the option that has a problem.
 */
function ended(text: string): string {
  return /[.?!]$/.test(text) || /(?:(?:\bnpx |\brun: |(?<!^)--\w)[^()]*|https?:\/\/(?!.*"$)[^()\s]*)$/.test(text)
    ? text
    : `${text}.`
}
