// The command line: builds the program and runs it. Resolves to the exit code.

import { Command } from 'commander'
import { isUsageError } from './command.ts'
import { backupCommand } from './commands/backup.ts'
import { clientCommand } from './commands/client.ts'
import { configCommand } from './commands/config.ts'
import { keyCommand } from './commands/key.ts'
import { presetCommand } from './commands/preset.ts'
import { rehearseCommand } from './commands/rehearse.ts'
import { restoreCommand } from './commands/restore.ts'
import { setupLinkCommand } from './commands/setup-link.ts'
import { startCommand } from './commands/start.ts'
import { traceCommand } from './commands/trace.ts'
import { userCommand } from './commands/user.ts'
import { EXIT } from './output.ts'
import { VERSION } from './version.ts'

export function buildProgram(exit: (code: number) => void): Command {
  const program = new Command('lingpai')
    .description('Signs a company’s own users in to 制作云 and to every OAuth 2.0 or OpenID Connect application.')
    .version(VERSION, '-v, --version')
    .addCommand(startCommand(exit))
    .addCommand(setupLinkCommand(exit))
    .addCommand(clientCommand(exit))
    .addCommand(userCommand(exit))
    .addCommand(presetCommand(exit))
    .addCommand(keyCommand(exit))
    .addCommand(rehearseCommand(exit))
    .addCommand(traceCommand(exit))
    .addCommand(configCommand(exit))
    .addCommand(backupCommand(exit))
    .addCommand(restoreCommand(exit))
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 not found, 4 conflict, 5 unavailable.',
    )
  overrideExit(program)
  return program
}

/** Sub-commands do not inherit it by themselves. */
function overrideExit(command: Command): void {
  command.exitOverride().showSuggestionAfterError().allowExcessArguments(false)
  for (const each of command.commands) overrideExit(each)
}

export async function runCli(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done
  const program = buildProgram((code) => {
    exitCode = code
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    if (!isUsageError(error)) throw error
    // Help and version were asked for; everything else commander has explained already.
    return error.exitCode === 0 ? EXIT.done : EXIT.usage
  }
}
