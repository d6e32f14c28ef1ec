// What a command needs at its end to find the installation of a running server: whatever the start was given that a command
// would else take from its own folder. Pages name commands with it.

import { join, resolve } from 'node:path'
import type { CommandFlags } from '../model/command-flags.ts'
import type { LoadedOptions } from '../options/index.ts'
import { shellWord } from '../platform/shell-word.ts'

const CONFIG_NAME = 'lingpai.yaml'
/** As a command takes them that is given none. */
const DEFAULT_PREFIX = '/sso'
const DEFAULT_FOLDER = './data'

export function runningFlags(
  { options, sources, file }: LoadedOptions,
  platform: NodeJS.Platform = process.platform,
): CommandFlags {
  const { data, databaseSchema, endpointPrefix } = options
  const isByHand = (key: string) => /^(?:flag|environment)$/.test(sources.get(key)?.kind ?? '')
  // A file of these names is found by itself: beside the data, or where the command is typed.
  const isFound = file === null || file === join(data, CONFIG_NAME) || file === resolve(CONFIG_NAME)
  const word = (text: string) => shellWord(text, platform)
  const flags: readonly (readonly [flag: string, operator: string, anybody: string] | null)[] = [
    isByHand('data') && data !== resolve(DEFAULT_FOLDER) ? ['--data', word(data), 'FOLDER'] : null,
    isFound ? null : ['--config', word(file), 'FILE'],
    isByHand('database') ? databaseFlag(sources.get('database'), platform) : null,
    isByHand('databaseSchema') && databaseSchema !== null
      ? ['--database-schema', word(databaseSchema), word(databaseSchema)]
      : null,
    isByHand('endpointPrefix') && endpointPrefix !== DEFAULT_PREFIX
      ? ['--endpoint-prefix', word(endpointPrefix), word(endpointPrefix)]
      : null,
  ]
  const given = flags.filter((each) => each !== null)
  return {
    operator: given.map(([flag, value]) => ` ${flag} ${value}`).join(''),
    anybody: given.map(([flag, , value]) => ` ${flag} ${value}`).join(''),
  }
}

/** The address may hold a password, so the variable is named that has it; unset, the command refuses to run. */
function databaseFlag(source: ReturnType<LoadedOptions['sources']['get']>, platform: NodeJS.Platform) {
  const named = source?.kind === 'flag' ? source.flag : source?.kind === 'environment' ? source.variable : ''
  const isFile = /file$/i.test(named)
  const variable = `${platform === 'win32' ? '$env:' : '$'}LINGPAI_DATABASE${isFile ? '_FILE' : ''}`
  return [isFile ? '--database-file' : '--database', `"${variable}"`, `"${variable}"`] as const
}
