// lingpai config: what the server would start with, and from where each value comes.

import { Command } from 'commander'
import { showOptions } from '../../options/index.ts'
import { action, addServerOptions, sharing } from '../command.ts'
import { optionsFor, storedOptions } from '../installation.ts'
import { EXIT, table } from '../output.ts'

export function configCommand(exit: (code: number) => void): Command {
  const command = (name: string, description: string) =>
    sharing(addServerOptions(new Command(name).description(description), 'all'), '--json and all options of the server')
  return new Command('config')
    .description('options of the server')
    .addCommand(
      action(command('check', 'say whether the options can be used'), exit, async (output, flags) => {
        const { file } = await optionsFor(flags)
        output.result({ valid: true, file })
        output.say(
          file === null ? 'The options are right; no file was read.' : `The options are right, ${file} included.`,
        )
        return EXIT.done
      }),
    )
    .addCommand(
      action(
        command('show', 'all options, and where each value comes from; secrets are masked'),
        exit,
        async (output, flags) => {
          const loaded = await optionsFor(flags)
          const stored = await storedOptions(loaded.options)
          const shown = showOptions(loaded).map((option) => {
            const value = option.value === null ? stored.get(option.key) : undefined
            return value === undefined ? option : { ...option, value, text: value, source: 'stored' }
          })
          output.result(Object.fromEntries(shown.map(({ key, value, source }) => [key, { value, source }])))
          output.say(table([['OPTION', 'VALUE', 'FROM'], ...shown.map(({ key, text, source }) => [key, text, source])]))
          return EXIT.done
        },
      ),
    )
}
