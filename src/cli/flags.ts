// The values of a command's flags, and commands as they are told to people: with the flags that make them work here.

import { COMMAND_IN_TEXT } from '../model/commands/in-text.ts'
import { shellWord } from '../platform/shell-word.ts'

/** The flags of a command, by the names that the parser of the command line gives them (`logoFile` for `--logo-file`). */
export type Flags = Readonly<Record<string, unknown>>

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function list(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? (value as string[]) : undefined
}

/** `npx lingpai user list --data /srv/lingpai`: what can be copied and works on the same installation. */
export function tip(words: string, flags: Flags): string {
  return `npx lingpai ${words}${leadingHere(flags)}`
}

/** The same for commands in a text that does not know the command line, such as the advice for a refusal. */
export function withTips(words: string, flags: Flags): string {
  return words.replace(COMMAND_IN_TEXT, (command) => `${command}${leadingHere(flags)}`)
}

function leadingHere(flags: Flags): string {
  const data = text(flags['data'])
  const config = text(flags['config'])
  return [
    ...(data === undefined ? [] : [` --data ${shellWord(data)}`]),
    ...(config === undefined ? [] : [` --config ${shellWord(config)}`]),
    // The address may hold a password.
    ...(flags['database'] === undefined ? [] : [' --database URL']),
  ].join('')
}
