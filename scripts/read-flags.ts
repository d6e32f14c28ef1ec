// The flags of a script, for people who have not read it: `--help` says how it is called, and a wrong call ends with 2 and
// one line that says what is wrong.

import { type ParseArgsConfig, parseArgs } from 'node:util'

type Described = ParseArgsConfig & { readonly options: NonNullable<ParseArgsConfig['options']> }

/** Like `parseArgs`, and adds `--help`. Where a default is a number, what is given must be one. Ends the process after `usage`. */
export function readFlags<const Config extends Described>(
  usage: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  const options = { ...config.options, help: { type: 'boolean', short: 'h' } } as const
  try {
    const values: Readonly<Record<string, unknown>> = parseArgs({ ...config, options }).values
    if (values['help'] === true) {
      console.log(usage)
      process.exit(0)
    }
    for (const [name, value] of Object.entries(values)) assertNumber(name, value, config.options[name]?.default)
    return parseArgs<Config>(config)
  } catch (error) {
    const [problem = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1)
    return wrongCall(problem)
  }
}

/** Ends the process with 2. */
export function wrongCall(problem: string): never {
  console.error(`${problem.replace(/\.$/, '')}. How to call it: --help`)
  process.exit(2)
}

function assertNumber(name: string, value: unknown, fallback: unknown): void {
  const isNumber = (text: unknown) => typeof text === 'string' && /^\d+(\.\d+)?$/.test(text)
  if (isNumber(fallback) && !isNumber(value)) throw new Error(`--${name} is a number, and not '${String(value)}'`)
}
