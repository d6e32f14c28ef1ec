// The words and variables of a call, and what they mean.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Facts, factsFrom, type Variables } from '../facts.ts'
import { type Automation, type PlanFile, readJson, readPlans, WrongCall } from './plan-files.ts'
import type { Variant } from './suite.ts'
import type { Expectation } from './verdict.ts'

const FOLDER = fileURLToPath(new URL('..', import.meta.url))
const PAGE = fileURLToPath(new URL('../../docs/reference/conformance.md', import.meta.url))

const OPTIONS = {
  suite: { type: 'string' },
  alias: { type: 'string' },
  drivers: { type: 'string' },
  only: { type: 'string', multiple: true },
  variant: { type: 'string', multiple: true },
  expect: { type: 'string' },
  out: { type: 'string' },
  report: { type: 'boolean' },
  from: { type: 'string', multiple: true },
  limit: { type: 'string' },
  list: { type: 'boolean' },
} as const

/** What is done with results, wherever they come from. */
export interface Telling {
  readonly expectations: readonly Expectation[]
  /** Folder for `results.md`, `results.json` and `junit.xml`. */
  readonly out: string | null
  /** The page of the reference, where it is to be written anew. */
  readonly page: string | null
}

export interface Run {
  readonly plans: readonly PlanFile[]
  readonly suite: string
  readonly facts: Facts
  /** One driver for each. */
  readonly aliases: readonly string[]
  readonly only: readonly string[]
  readonly automation: Automation
  /** Seconds a module may take. */
  readonly limit: number
  readonly listOnly: boolean
  /** The command that rotates the keys, in words; none: empty. */
  readonly rotation: readonly string[]
}

export interface Call {
  readonly telling: Telling
  /** Folders of earlier results, which are told again; then nothing is run. */
  readonly from: readonly string[]
  /** Null: no suite is named. */
  readonly run: Run | null
}

export function readCall(words: readonly string[], variables: Variables): Call {
  const { values, positionals } = parsed(words)
  const from = values.from ?? []
  const isWhole = positionals.length === 0 && values.only === undefined && values.variant === undefined
  if (values.report === true && from.length === 0 && !isWhole) {
    throw new WrongCall('--report tells of all plans: leave the others out, or put results together with --from FOLDER')
  }
  const telling = {
    expectations: readJson(values.expect ?? join(FOLDER, 'expected.json')) as readonly Expectation[],
    out: values.out ?? null,
    page: values.report === true ? PAGE : null,
  }
  const suite = values.suite || variables['CONFORMANCE_SUITE'] || null
  if (suite === null || from.length > 0) return { telling, from, run: null }
  const facts = factsFrom(variables, suite)
  return {
    telling,
    from,
    run: {
      plans: withVariants(readPlans(join(FOLDER, 'plans'), positionals), values.variant ?? []),
      suite: facts.suite,
      facts,
      aliases: aliasesFor(facts, values.alias, values.drivers),
      only: values.only ?? [],
      automation: readJson(join(FOLDER, 'automation.json')) as Automation,
      limit: wholeNumber(values.limit ?? '240', 86_400, '--limit is a number of seconds'),
      listOnly: values.list ?? false,
      rotation: (variables['CONFORMANCE_ROTATE'] ?? '').split(/\s+/).filter((word) => word !== ''),
    },
  }
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    const [problem = ''] = (error instanceof Error ? error.message : String(error)).split(/\. |\n/, 1)
    throw new WrongCall(`${problem}. How to call it: --help`)
  }
}

function wholeNumber(text: string, most: number, problem: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number) || number < 1 || number > most) throw new WrongCall(problem)
  return number
}

function aliasesFor({ aliases }: Facts, alias: string | undefined, drivers: string | undefined): readonly string[] {
  if (alias !== undefined && drivers !== undefined) throw new WrongCall('--alias names one driver, --drivers several')
  if (alias !== undefined && !aliases.includes(alias)) {
    throw new WrongCall(`The alias is one of ${aliases.join(', ')}`)
  }
  if (alias !== undefined) return [alias]
  const most = aliases.length
  return aliases.slice(0, wholeNumber(drivers ?? '1', most, `--drivers is a number up to ${most}: each needs an alias`))
}

/** Leaves the variants that have every `name=value`. */
function withVariants(plans: readonly PlanFile[], wanted: readonly string[]): readonly PlanFile[] {
  const fits = (variant: Variant) =>
    wanted.every((pair) => Object.entries(variant).some(([name, value]) => pair === `${name}=${value}`))
  const left = plans.map((plan) => ({ ...plan, variants: plan.variants.filter(fits) }))
  if (left.every(({ variants }) => variants.length === 0)) throw new WrongCall(`No plan has ${wanted.join(' ')}`)
  return left
}
