// What the help of a command shows: its own options. Those that it shares with many come with `--help-all`.

import { type Command, Help, type Option } from 'commander'

/** Heading of the options that all commands share; it also marks them as such. */
export const SHARED_OPTIONS = 'Shared options:'

const plain = Help.prototype

/** The command's own options, the ways to help, then those that are shared. */
const ORDERED: Partial<Help> = {
  visibleOptions: (command) =>
    plain.visibleOptions.call(plain, command).toSorted((one, other) => rank(one) - rank(other)),
  optionDescription: (option) => `${plain.optionDescription.call(plain, option)}${option.mandatory ? ' (needed)' : ''}`,
  // Headings come in the order of the sorted options, not in that of the declarations.
  groupItems: (_, visible, headingOf) => plain.groupItems(visible, visible, headingOf),
}

function rank(option: Option): number {
  if (isShared(option)) return 3
  return ['--help-all', '--help'].indexOf(option.long ?? '') + 1
}

function isShared({ helpGroupHeading }: Option): boolean {
  return helpGroupHeading === SHARED_OPTIONS
}

/** Adds `--help-all`. `told` says in a few words what the shared options are about. */
export function withFullHelp(command: Command, told: string): Command {
  return command.configureHelp(ORDERED).option('--help-all', `display help with the shared options too: ${told}`)
}

/**
 * Leaves the shared options out of `--help` from now on. They are only not printed: a mistyped flag is still answered
 * with the nearest of all flags.
 */
export function shortenHelp(command: Command): void {
  if (command.commands.length > 0) return withCommandsBelow(command)
  if (!command.options.some(isShared)) return
  command.configureHelp({
    ...ORDERED,
    formatHelp(of, helper) {
      const short = Object.create(helper) as Help
      short.visibleOptions = (each) => helper.visibleOptions(each).filter((option) => !isShared(option))
      return plain.formatHelp.call(short, of, short)
    },
  })
  command.on('option:help-all', () => {
    command.configureHelp(ORDERED).help()
  })
}

/** For a group of commands: `--help` lists each command with its own options, without those that all of them share. */
function withCommandsBelow(group: Command): void {
  group
    .configureHelp(ORDERED)
    // After the name of a command, a flag belongs to that command and not to the group.
    .enablePositionalOptions()
    .option('--help-all', 'display help with all commands below and their options too')
    .on('option:help-all', () => {
      group.addHelpText('after', () => `\n${commandsBelow(group).map(told).join('\n')}`.trimEnd()).help()
    })
}

const told = (command: Command) => command.helpInformation()

function commandsBelow({ commands }: Command): readonly Command[] {
  return commands.flatMap((each) => (each.commands.length > 0 ? commandsBelow(each) : [each]))
}
