// What every command shares: how its flags are declared, how it runs, and how a failure becomes a sentence, a JSON
// object and an exit code.

import { Command, CommanderError, Option } from 'commander'
import { AdministrationError, type AdministrationErrorCode } from '../administration/errors.ts'
import { describeOptions, OptionsError } from '../options/index.ts'
import { CommandFailed, createOutput, EXIT, type Output } from './output.ts'

export type Flags = Readonly<Record<string, unknown>>

/** Options of the server that concern every command that opens an installation. */
const INSTALLATION_OPTIONS = ['data', 'database', 'databaseFile', 'databaseSchema', 'endpointPrefix', 'issuer']

export function addServerOptions(command: Command, names: readonly string[] | 'all'): Command {
  for (const option of describeOptions()) {
    if (option.flagSyntax === null || (names !== 'all' && !names.includes(option.name))) continue
    const flag = new Option(option.flagSyntax, `${option.en} [${option.defaultText}]`)
    command.addOption(option.isList ? flag.argParser(collect) : flag)
  }
  return command.option('--config <file>', 'YAML file with options [DATA/lingpai.yaml or ./lingpai.yaml]')
}

/** A command on an installation: with `--data`, `--json` and their kin. */
export function installationCommand(name: string, description: string): Command {
  const command = new Command(name).description(description)
  return addServerOptions(command, INSTALLATION_OPTIONS).option('--json', 'print the result as JSON')
}

export function collect(value: string, former: unknown): readonly string[] {
  return [...(Array.isArray(former) ? (former as string[]) : []), value]
}

/** Wraps what a command does; the exit code goes where `runCli` finds it. */
export function action(
  command: Command,
  exit: (code: number) => void,
  run: (output: Output, flags: Flags, args: readonly string[]) => Promise<number | undefined>,
): Command {
  return command.action(async (...received: unknown[]) => {
    const self = received.at(-1) as Command
    const flags = self.opts<Record<string, unknown>>()
    const output = createOutput(flags['json'] === true)
    try {
      exit((await run(output, flags, self.args)) ?? EXIT.done)
    } catch (error) {
      exit(report(output, error))
    }
  })
}

const NOT_FOUND: readonly AdministrationErrorCode[] = ['client_not_found', 'user_not_found']
const CONFLICT: readonly AdministrationErrorCode[] = [
  'client_id_taken',
  'client_changed',
  'user_changed',
  'user_id_taken',
  'username_taken',
  'phone_taken',
  'file_exists',
  'folder_not_empty',
]
const USAGE: readonly AdministrationErrorCode[] = [
  'invalid_setting',
  'unknown_preset',
  'invalid_client',
  'invalid_user',
]

/** Says what went wrong and what to do next; resolves to the exit code. */
export function report(output: Output, error: unknown): number {
  const { exitCode, code, message, hint } = describe(error)
  output.progressDone()
  output.result({ error: code, message, ...(hint !== null && { hint }) })
  output.note(`Error: ${message}`)
  if (hint !== null) output.note(hint.endsWith('.') || hint.includes(': ') ? hint : `${hint}.`)
  return exitCode
}

interface Described {
  readonly exitCode: number
  readonly code: string
  readonly message: string
  readonly hint: string | null
}

function describe(error: unknown): Described {
  if (error instanceof CommandFailed) return error
  if (error instanceof AdministrationError) {
    const { code, message, hint } = error
    return { exitCode: exitCodeOf(code), code, message, hint }
  }
  if (error instanceof OptionsError) {
    const hint = 'See docs/reference/options.md, or: npx lingpai start --help'
    return { exitCode: EXIT.usage, code: 'invalid_option', message: error.problems.join('\n       '), hint }
  }
  if (!(error instanceof Error)) return { exitCode: EXIT.failed, code: 'failed', message: String(error), hint: null }
  if (UNAVAILABLE.has(error.name)) {
    return { exitCode: EXIT.unavailable, code: 'unavailable', message: error.message, hint: null }
  }
  if (PLAIN.has(error.name)) return { exitCode: EXIT.failed, code: 'failed', message: error.message, hint: null }
  // A fault of ours: the place helps whoever reports it.
  return { exitCode: EXIT.failed, code: 'fault', message: error.stack ?? error.message, hint: null }
}

const UNAVAILABLE = new Set(['StoreUnavailable', 'AlreadyOwned', 'CannotListen'])
const PLAIN = new Set(['CannotStart', 'MasterKeyUnusable', 'SchemaMismatch', 'SealBroken'])

function exitCodeOf(code: AdministrationErrorCode): number {
  if (NOT_FOUND.includes(code)) return EXIT.notFound
  if (CONFLICT.includes(code)) return EXIT.conflict
  return USAGE.includes(code) ? EXIT.usage : EXIT.failed
}

/** Commander's own refusals: an unknown flag, a missing argument. */
export function isUsageError(error: unknown): error is CommanderError {
  return error instanceof CommanderError
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function list(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? (value as string[]) : undefined
}
