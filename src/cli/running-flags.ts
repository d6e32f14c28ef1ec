// What a command needs at its end to find the installation of a running server: whatever the start was given that a command
// would else take from its own folder. Pages name commands with it.

import { join, resolve } from 'node:path'
import type { CommandFlags } from '../model/commands/flags.ts'
import type { LoadedOptions } from '../options/index.ts'
import { shellWord } from '../platform/shell-word.ts'

const CONFIG_NAME = 'lingpai.yaml'
/** The prefix that a command assumes when no flag names one. */
const DEFAULT_PREFIX = '/sso'
const DEFAULT_FOLDER = './data'

export function runningFlags(loaded: LoadedOptions, platform: NodeJS.Platform = process.platform): CommandFlags {
  const { data } = loaded.options
  const given = givenFlags(loaded, isByHand(loaded, 'data') && data !== resolve(DEFAULT_FOLDER), platform)
  return {
    operator: given.map(([flag, value]) => ` ${flag} ${value}`).join(''),
    anybody: given.map(([flag, , value]) => ` ${flag} ${value}`).join(''),
  }
}

/** The same for what `start` prints, except that the data folder is always named. */
export function greetingFlags(loaded: LoadedOptions, platform: NodeJS.Platform = process.platform): string {
  const given = givenFlags(loaded, loaded.options.database === null, platform)
  return given.map(([flag, value]) => ` ${flag} ${value}`).join('')
}

type GivenFlag = readonly [flag: string, operator: string, anybody: string]

const isByHand = ({ sources }: LoadedOptions, key: string) =>
  /^(?:flag|environment)$/.test(sources.get(key)?.kind ?? '')

function givenFlags(loaded: LoadedOptions, namesData: boolean, platform: NodeJS.Platform): readonly GivenFlag[] {
  const { options, sources, file } = loaded
  const { data, databaseSchema, endpointPrefix } = options
  // Commands find a configuration file of this name by themselves, in the data folder or in the working directory: then no
  // flag is needed.
  const isFound = file === null || file === join(data, CONFIG_NAME) || file === resolve(CONFIG_NAME)
  const word = (text: string) => shellWord(text, platform)
  const flags: readonly (GivenFlag | null)[] = [
    namesData ? ['--data', word(data), 'FOLDER'] : null,
    isFound ? null : ['--config', word(file), 'FILE'],
    isByHand(loaded, 'database') ? databaseFlag(sources.get('database'), platform) : null,
    isByHand(loaded, 'databaseSchema') && databaseSchema !== null
      ? ['--database-schema', word(databaseSchema), word(databaseSchema)]
      : null,
    isByHand(loaded, 'endpointPrefix') && endpointPrefix !== DEFAULT_PREFIX
      ? ['--endpoint-prefix', word(endpointPrefix), word(endpointPrefix)]
      : null,
  ]
  return flags.filter((each) => each !== null)
}

/**
 * The address may hold a password, so the flag quotes the shell variable that holds it. Where the variable is not set,
 * the shell refuses to run the command.
 */
function databaseFlag(source: ReturnType<LoadedOptions['sources']['get']>, platform: NodeJS.Platform) {
  const named = source?.kind === 'flag' ? source.flag : source?.kind === 'environment' ? source.variable : ''
  const isFile = /file$/i.test(named)
  const variable = `${platform === 'win32' ? '$env:' : '$'}LINGPAI_DATABASE${isFile ? '_FILE' : ''}`
  return [isFile ? '--database-file' : '--database', `"${variable}"`, `"${variable}"`] as const
}
