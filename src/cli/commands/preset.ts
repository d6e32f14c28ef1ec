// lingpai preset: ready-made clients.

import { Command } from 'commander'
import { presetNamed, presets, UnknownPreset } from '../../administration/presets/index.ts'
import { flattenSettings } from '../../model/client/settings.ts'
import { action } from '../command.ts'
import { CommandFailed, EXIT, table } from '../output.ts'

export function presetCommand(exit: (code: number) => void): Command {
  const list = new Command('list').description('all presets').option('--json', 'print the result as JSON')
  const show = new Command('show')
    .description('one preset with its settings')
    .argument('<preset>')
    .option('--json', 'print the result as JSON')
  return new Command('preset')
    .description('ready-made clients')
    .addCommand(
      action(list, exit, async (output) => {
        output.result(presets.map(({ name, title, description }) => ({ name, title, description })))
        output.say(table(presets.map(({ name, title, description }) => [name, title.en, description.en])))
        return EXIT.done
      }),
    )
    .addCommand(
      action(show, exit, async (output, _, [name = '']) => {
        const preset = found(name)
        output.result(preset)
        output.say(`${preset.name}: ${preset.title.en}. ${preset.description.en}\n`)
        const translated = Object.entries(preset.texts ?? {}).map(([setting, { en }]) => [`${setting} in English`, en])
        const rows = [...Object.entries(flattenSettings(preset.settings)), ...translated]
        output.say(
          table(rows.map(([setting, value]) => [setting, typeof value === 'string' ? value : JSON.stringify(value)])),
        )
        output.say(`\n${preset.notes.map(({ en }) => `· ${en}`).join('\n')}`)
        return EXIT.done
      }),
    )
}

function found(name: string) {
  try {
    return presetNamed(name)
  } catch (error) {
    if (!(error instanceof UnknownPreset)) throw error
    throw new CommandFailed(EXIT.notFound, 'unknown_preset', error.message)
  }
}
