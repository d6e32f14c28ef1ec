// The command line: builds the program and runs it. Resolves to the exit code.

import { Command, CommanderError } from 'commander'
import { VERSION } from '../platform/version.ts'
import { failureText } from './failures/report.ts'
import { shortenHelp } from './help.ts'
import { createOutput, EXIT, endWithReader } from './output.ts'

type Build = (exit: (code: number) => void) => Command

/** `start` is loaded by itself, because a server has no use for the code of other commands, such as imports and backups. */
const COMMANDS: Readonly<Record<string, () => Promise<Build>>> = {
  start: async () => (await import('./commands/start.ts')).startCommand,
  'setup-link': async () => (await import('./commands/all-but-start.ts')).setupLinkCommand,
  client: async () => (await import('./commands/all-but-start.ts')).clientCommand,
  'registration-token': async () => (await import('./commands/all-but-start.ts')).registrationTokenCommand,
  user: async () => (await import('./commands/all-but-start.ts')).userCommand,
  resource: async () => (await import('./commands/all-but-start.ts')).resourceCommand,
  preset: async () => (await import('./commands/all-but-start.ts')).presetCommand,
  key: async () => (await import('./commands/all-but-start.ts')).keyCommand,
  session: async () => (await import('./commands/all-but-start.ts')).sessionCommand,
  consent: async () => (await import('./commands/all-but-start.ts')).consentCommand,
  logout: async () => (await import('./commands/all-but-start.ts')).logoutCommand,
  rehearse: async () => (await import('./commands/all-but-start.ts')).rehearseCommand,
  event: async () => (await import('./commands/all-but-start.ts')).eventCommand,
  trace: async () => (await import('./commands/all-but-start.ts')).traceCommand,
  config: async () => (await import('./commands/all-but-start.ts')).configCommand,
  backup: async () => (await import('./commands/all-but-start.ts')).backupCommand,
  'master-key': async () => (await import('./commands/all-but-start.ts')).masterKeyCommand,
  move: async () => (await import('./commands/all-but-start.ts')).moveCommand,
  restore: async () => (await import('./commands/all-but-start.ts')).restoreCommand,
}

/** `only`: the one command that is going to run. Declaring the options of all commands takes a fifth of the time of a start. */
export async function buildProgram(exit: (code: number) => void, only: string | null = null): Promise<Command> {
  const program = new Command('lingpai')
    .description('Signs a company’s own users in to 制作云 and to every OAuth 2.0 or OpenID Connect application.')
    .version(VERSION, '-v, --version')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 not found, 4 conflict, 5 unavailable,\n6 the database is of a newer release.',
    )
  for (const [name, load] of Object.entries(COMMANDS)) {
    if (only === null || only === name) program.addCommand((await load())(exit))
  }
  return program
}

/**
 * Has to be called for each command, since sub-commands inherit none of this. `refused` is called with the command that
 * could not understand its arguments.
 */
function prepare(command: Command, refused: (command: Command) => void): void {
  shortenHelp(command)
  command.exitOverride().showSuggestionAfterError().allowExcessArguments(false)
  // Wrong arguments are reported by our own code, so that the message looks like all others and `--json` applies.
  command.configureOutput({ outputError: () => refused(command) })
  for (const each of command.commands) prepare(each, refused)
}

export async function runCli(argv: readonly string[]): Promise<number> {
  endWithReader()
  let exitCode: number = EXIT.done
  const [first = ''] = argv
  const exit = (code: number) => {
    exitCode = code
  }
  const program = await buildProgram(exit, Object.hasOwn(COMMANDS, first) ? first : null)
  let refusing = program
  prepare(program, (command) => {
    refusing = command
  })
  try {
    await program.parseAsync([...keyIdsLast(argv)], { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return EXIT.done
    refuse(argv, error, refusing)
    return EXIT.usage
  }
}

/**
 * Moves key ids behind `--`. A key id is a thumbprint (RFC 7638), which may begin with a hyphen and would be taken for
 * a flag.
 */
function keyIdsLast(argv: readonly string[]): readonly string[] {
  const isKeyId = (word: string) => /^-[\w-]{42}$/.test(word)
  if (argv[0] !== 'key' || argv.includes('--') || !argv.some(isKeyId)) return argv
  return [...argv.filter((word) => !isKeyId(word)), '--', ...argv.filter(isKeyId)]
}

function refuse(argv: readonly string[], { code, message }: CommanderError, command: Command): void {
  const output = createOutput(argv.includes('--json'))
  // The help of a group is on standard error by now.
  const isLost = code === 'commander.help'
  const [what = '', ...suggestion] = message.replace(/^error: /, '').split('\n')
  const problem = isLost ? 'a command is missing' : what.replace(/\.$/, '')
  const told = `${problem.charAt(0).toUpperCase()}${problem.slice(1)}.`
  const hint = [...suggestion.map((line) => line.replace(/^\((.*)\)$/, '$1')), `See: ${nameOf(command)} --help`].join(
    ' ',
  )
  output.result({ error: 'wrong_usage', message: told, hint })
  if (!isLost) output.note(failureText({ message: told, hint }, output.language))
}

function nameOf(command: Command): string {
  const above = command.parent === null ? 'npx' : nameOf(command.parent)
  return `${above} ${command.name()}`
}
