// What the help of a command shows: its own options. Those that it shares with many come with `--help-all`.

import { type Command, Help, type Option } from 'commander'

/** The heading that marks them. */
export const SHARED_OPTIONS = 'Shared options:'

const plain = Help.prototype

/** The command's own options, the ways to help, then those that are shared. */
const ORDERED: Partial<Help> = {
  visibleOptions: (command) =>
    plain.visibleOptions.call(plain, command).toSorted((one, other) => rank(one) - rank(other)),
  optionDescription: (option) => `${plain.optionDescription.call(plain, option)}${option.mandatory ? ' (needed)' : ''}`,
  // Headings in the order of what is shown, not of how it was declared.
  groupItems: (_, visible, headingOf) => plain.groupItems(visible, visible, headingOf),
}

function rank(option: Option): number {
  if (isShared(option)) return 3
  return ['--help-all', '--help'].indexOf(option.long ?? '') + 1
}

function isShared({ helpGroupHeading }: Option): boolean {
  return helpGroupHeading === SHARED_OPTIONS
}

/** `told`: what the shared options are about. */
export function withFullHelp(command: Command, told: string): Command {
  return command.configureHelp(ORDERED).option('--help-all', `display help with the shared options too: ${told}`)
}

/**
 * `--help` tells less from now on. The options are hidden from the text alone: a mistyped flag is still answered by the nearest
 * of all.
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

/** Of a group, all its commands with their own options: what they share would be told with each of them. */
function withCommandsBelow(group: Command): void {
  group
    .configureHelp(ORDERED)
    // Behind the name of a command the flag is that command's own.
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
