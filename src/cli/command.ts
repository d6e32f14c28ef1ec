// What every command shares: how its flags are declared, and how it runs and ends with an exit code.

import { Command, Option } from 'commander'
import { describeOptions } from '../options/index.ts'
import { report } from './failures/report.ts'
import type { Flags } from './flags.ts'
import { SHARED_OPTIONS, withFullHelp } from './help.ts'
import { type Installation, openInstallation } from './installation.ts'
import { CommandFailed, createOutput, EXIT, type Output } from './output.ts'

export { type Flags, list, text, tip, withTips } from './flags.ts'

/** Options of `start` that every command takes which opens an installation: they say where it is and how to reach it. */
const INSTALLATION_OPTIONS = [
  'data',
  'database',
  'databaseFile',
  'databaseSchema',
  'databasePooler',
  'databaseUnnamedStatements',
  'endpointPrefix',
  'issuer',
]

export function addServerOptions(command: Command, names: readonly string[] | 'all'): Command {
  for (const option of describeOptions()) {
    if (option.flagSyntax === null || (names !== 'all' && !names.includes(option.name))) continue
    const flag = new Option(option.flagSyntax, `${option.en} [${option.defaultText}${allowed(option)}]`)
    command.addOption(option.isList ? flag.argParser(collect) : flag)
  }
  return command.option('--config <file>', 'YAML file with options [DATA/lingpai.yaml or ./lingpai.yaml]')
}

/** A command on an installation: with `--data`, `--json` and their kin. */
export function installationCommand(name: string, description: string): Command {
  const command = addServerOptions(new Command(name).description(description), INSTALLATION_OPTIONS)
  return sharing(command, '--data, --json and where the database is')
}

/**
 * Marks the options that the command has so far, and `--json`, as shared, so that `--help` does not repeat them. `told`
 * names them in a few words.
 */
export function sharing(command: Command, told: string): Command {
  command.option('--json', 'print the result as JSON')
  for (const option of command.options) option.helpGroup(SHARED_OPTIONS)
  return withFullHelp(command, told)
}

export function collect(value: string, former: unknown): readonly string[] {
  return [...(Array.isArray(former) ? (former as string[]) : []), value]
}

/** Wraps what a command does: failures are reported, and the exit code is kept for `runCli`. */
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
      exit(report(output, error, flags))
    }
  })
}

/** What a command does on an installation. */
export type Work = (installation: Installation, output: Output, flags: Flags, args: readonly string[]) => Promise<void>

/** The same on an installation, opened before and closed after it. `adds`: see `openInstallation`. */
export function installationAction(
  command: Command,
  exit: (code: number) => void,
  run: Work,
  { adds = false } = {},
): Command {
  return action(command, exit, async (output, flags, args) => {
    const installation = await openInstallation(flags, { adds })
    try {
      await run(installation, output, flags, args)
      return EXIT.done
    } finally {
      await installation.close()
    }
  })
}

/**
 * For the help: the values that an option may have. Nothing where there are too many to list, or the default lists all
 * of them.
 */
function allowed({ describes, defaultText }: { readonly describes: string; readonly defaultText: string }): string {
  const [, kind, all = ''] = /^(one of|a list of) (.*`)$/.exec(describes) ?? []
  const values = all.replaceAll('`', '')
  return kind === undefined || values === defaultText ? '' : `; ${kind} ${values}`
}

/** The number of entries that `--most` asks for. */
export function mostOf(flags: Flags): number {
  const most = Number(flags['most'])
  if (Number.isInteger(most) && most >= 1 && most <= 1_000) return most
  throw new CommandFailed(EXIT.usage, 'invalid_number', '--most must be a whole number from 1 to 1,000.')
}
