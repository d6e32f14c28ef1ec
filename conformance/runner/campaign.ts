// Every plan in each of its variants, by one driver for each alias.

import { stopwatch } from '../../src/platform/clock.ts'
import type { Run } from './call.ts'
import { configOf, type PlanFile, WrongCall } from './plan-files.ts'
import { rotateKeys } from './rotation.ts'
import { type ModuleResult, runModule } from './run-module.ts'
import { CallRefused, type Suite, type Variant } from './suite.ts'
import { type PlanRun, titleOf } from './verdict.ts'

interface Task {
  readonly plan: PlanFile
  readonly variant: Variant
}

export interface Listener {
  readonly say: (text: string) => void
  /** Called after each run with all that have ended, in the order of the plans. */
  readonly ended: (runs: readonly PlanRun[]) => void
}

export async function runPlans(run: Run, suite: Suite, { say, ended }: Listener): Promise<readonly PlanRun[]> {
  const tasks: readonly Task[] = run.plans.flatMap((plan) => plan.variants.map((variant) => ({ plan, variant })))
  const [firstAlias = ''] = run.facts.aliases
  const stranded = tasks.find(({ plan }) => plan.firstAliasOnly === true && !run.aliases.includes(firstAlias))
  if (stranded !== undefined) {
    throw new WrongCall(`${stranded.plan.name} has a client with one logout URI, which is that of ${firstAlias}`)
  }
  const waiting = new Set(tasks)
  const done = new Map<Task, PlanRun>()
  const results = () => tasks.flatMap((task) => done.get(task) ?? [])
  const drive = async (alias: string) => {
    const tell = run.aliases.length > 1 ? (text: string) => say(`${alias}: ${text}`) : say
    for (;;) {
      const task = [...waiting].find(({ plan }) => plan.firstAliasOnly !== true || alias === firstAlias)
      if (task === undefined) return
      waiting.delete(task)
      done.set(task, await runPlan(run, suite, task, alias, tell))
      ended(results())
    }
  }
  await Promise.all(run.aliases.map(drive))
  return results()
}

async function runPlan(
  run: Run,
  suite: Suite,
  { plan, variant }: Task,
  alias: string,
  say: (text: string) => void,
): Promise<PlanRun> {
  const { facts, automation, only, limit } = run
  const elapsed = stopwatch()
  const { id, modules } = await suite
    .createPlan(plan.plan, variant, configOf(plan, automation, facts, alias))
    .catch((error: unknown) => {
      throw error instanceof CallRefused ? new WrongCall(`${plan.name} is refused: ${error.message}`) : error
    })
  const title = titleOf({ plan: plan.name, variant })
  say(`${title}: ${modules.length} modules, ${suite.base}/plan-detail.html?plan=${id}`)
  const results: ModuleResult[] = []
  for (const planned of modules) {
    if (only.length > 0 && !only.includes(planned.testModule)) continue
    if (run.listOnly) {
      say(`  ${planned.testModule}`)
      continue
    }
    const result = await runModule(suite, id, planned, { limit, rotateKeys: () => rotateKeys(run) })
    const reasons = result.reasons.map((reason) => `\n              ${reason}`)
    say(`  ${result.result.padEnd(11)} ${result.module}  ${result.seconds} s${reasons.join('')}`)
    results.push(result)
  }
  return { plan: plan.name, variant, planId: id, modules: results, seconds: Math.round(elapsed() / 1000) }
}
