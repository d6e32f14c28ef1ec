// The call `npm run conformance`: which plans of which suite, what is written where, and how it ends.

import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { stopwatch, systemClock } from '../../src/platform/clock.ts'
import { type Facts, factsFrom, type Variables, WrongVariable } from '../facts.ts'
import { type Automation, configOf, type PlanFile, readJson, readPlans, WrongCall } from './plan-files.ts'
import { type About, junitOf, listOf, markdownOf, tableOf } from './report.ts'
import { type ModuleResult, runModule } from './run-module.ts'
import { connectSuite, NoSuite, type Suite, type Variant } from './suite.ts'
import { type Expectation, judge, type PlanRun, problemsOf, titleOf } from './verdict.ts'

export const EXIT = { asExpected: 0, problems: 1, wrongCall: 2, nothingDone: 3 } as const
const FOLDER = fileURLToPath(new URL('..', import.meta.url))

const OPTIONS = {
  suite: { type: 'string' },
  alias: { type: 'string' },
  only: { type: 'string', multiple: true },
  variant: { type: 'string', multiple: true },
  expect: { type: 'string' },
  out: { type: 'string' },
  limit: { type: 'string' },
  list: { type: 'boolean' },
} as const

interface Call {
  readonly plans: readonly PlanFile[]
  readonly suite: string
  readonly facts: Facts
  readonly alias: string
  readonly only: readonly string[]
  readonly expectations: readonly Expectation[]
  readonly automation: Automation
  readonly out: string | null
  /** Seconds a module may take. */
  readonly limit: number
  readonly listOnly: boolean
  readonly rotation: readonly string[]
}

export async function runConformance(
  words: readonly string[],
  variables: Variables,
  say: (text: string) => void,
): Promise<number> {
  try {
    const call = readCall(words, variables)
    if (call === null) {
      say(
        'NOTHING WAS DONE: no conformance suite is named. Give --suite URL or set CONFORMANCE_SUITE to one that runs.',
      )
      return EXIT.nothingDone
    }
    return await perform(call, connectSuite(call.suite, variables['CONFORMANCE_TOKEN']), say)
  } catch (error) {
    if (error instanceof NoSuite) {
      say(`NOTHING WAS PROVEN: ${error.message}`)
      return EXIT.nothingDone
    }
    if (!(error instanceof WrongCall) && !(error instanceof WrongVariable)) throw error
    say(error.message)
    return EXIT.wrongCall
  }
}

/** Null: no suite is named. */
function readCall(words: readonly string[], variables: Variables): Call | null {
  const { values, positionals } = parsed(words)
  const suite = values.suite || variables['CONFORMANCE_SUITE'] || null
  if (suite === null) return null
  const facts = factsFrom(variables, suite)
  const alias = values.alias ?? facts.aliases[0] ?? ''
  if (!facts.aliases.includes(alias)) throw new WrongCall(`The alias is one of ${facts.aliases.join(', ')}`)
  const limit = Number(values.limit ?? 240)
  if (!Number.isSafeInteger(limit) || limit < 1) throw new WrongCall('--limit is a number of seconds')
  return {
    plans: withVariants(readPlans(join(FOLDER, 'plans'), positionals), values.variant ?? []),
    suite: facts.suite,
    facts,
    alias,
    only: values.only ?? [],
    expectations: readJson(values.expect ?? join(FOLDER, 'expected.json')) as readonly Expectation[],
    automation: readJson(join(FOLDER, 'automation.json')) as Automation,
    out: values.out ?? null,
    limit,
    listOnly: values.list ?? false,
    rotation: (variables['CONFORMANCE_ROTATE'] ?? '').split(/\s+/).filter((word) => word !== ''),
  }
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new WrongCall(error instanceof Error ? error.message : String(error))
  }
}

/** Leaves the variants that have every `name=value`. */
function withVariants(plans: readonly PlanFile[], wanted: readonly string[]): readonly PlanFile[] {
  const fits = (variant: Variant) =>
    wanted.every((pair) => Object.entries(variant).some(([name, value]) => pair === `${name}=${value}`))
  const left = plans.map((plan) => ({ ...plan, variants: plan.variants.filter(fits) }))
  if (left.every(({ variants }) => variants.length === 0)) throw new WrongCall(`No plan has ${wanted.join(' ')}`)
  return left
}

async function perform(call: Call, suite: Suite, say: (text: string) => void): Promise<number> {
  const { version, revision } = await suite.version()
  say(`Suite ${version} (${revision ?? 'no revision'}) at ${suite.base}; issuer ${call.facts.issuer}`)
  const runs: PlanRun[] = []
  for (const plan of call.plans) {
    for (const variant of plan.variants) runs.push(await runPlan(call, suite, plan, variant, say))
  }
  if (call.listOnly) return EXIT.asExpected
  if (runs.every(({ modules }) => modules.length === 0)) {
    throw new WrongCall(`No module of these plans is called ${call.only.join(', ')}`)
  }
  const judged = judge(runs, call.expectations)
  const problems = problemsOf(judged)
  say(`\n${tableOf(judged)}\n\n${listOf(judged)}`)
  const date = new Date(systemClock().now() * 1000).toISOString().slice(0, 10)
  const about: About = { suite: version, revision, issuer: call.facts.issuer, date }
  if (call.out !== null) {
    mkdirSync(call.out, { recursive: true })
    writeFileSync(join(call.out, 'results.json'), `${JSON.stringify({ ...about, runs: judged }, null, 1)}\n`)
    writeFileSync(join(call.out, 'results.md'), markdownOf(about, judged))
    writeFileSync(join(call.out, 'junit.xml'), junitOf(judged))
  }
  say(problems.length === 0 ? '\nAll as expected.' : `\nNot as expected:\n${problems.join('\n')}`)
  return problems.length === 0 ? EXIT.asExpected : EXIT.problems
}

async function runPlan(
  call: Call,
  suite: Suite,
  plan: PlanFile,
  variant: Variant,
  say: (text: string) => void,
): Promise<PlanRun> {
  const { facts, alias, automation, only, limit } = call
  const elapsed = stopwatch()
  const { id, modules } = await suite.createPlan(plan.plan, variant, configOf(plan, automation, facts, alias))
  say(
    `\n${titleOf({ plan: plan.name, variant })}: ${modules.length} modules, ${suite.base}/plan-detail.html?plan=${id}`,
  )
  const results: ModuleResult[] = []
  for (const planned of modules) {
    if (only.length > 0 && !only.includes(planned.testModule)) continue
    if (call.listOnly) {
      say(`  ${planned.testModule}`)
      continue
    }
    const result = await runModule(suite, id, planned, { limit, rotateKeys: () => rotate(call.rotation) })
    say(`  ${result.result.padEnd(11)} ${result.module}  ${result.seconds} s`)
    for (const reason of result.reasons) say(`              ${reason}`)
    results.push(result)
  }
  return { plan: plan.name, variant, planId: id, modules: results, seconds: Math.round(elapsed() / 1000) }
}

/** RFC 7517 §5: new keys are published first, and sign later. */
async function rotate([program, ...words]: readonly string[]): Promise<void> {
  if (program === undefined) throw new WrongCall('CONFORMANCE_ROTATE must name the command that rotates the keys')
  await promisify(execFile)(program, words)
}
