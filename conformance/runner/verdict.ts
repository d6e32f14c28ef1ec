// What came out against what was expected: whatever is not PASSED needs a reason that somebody has written down, and an
// expectation that no longer holds must be taken out.

import type { ModuleResult, Result } from './run-module.ts'
import type { Variant } from './suite.ts'

export interface PlanRun {
  /** Name of the plan file. */
  readonly plan: string
  readonly variant: Variant
  readonly planId: string
  readonly seconds: number
  readonly modules: readonly ModuleResult[]
}

export interface Expectation {
  readonly module: string
  readonly result: Result
  readonly reason: string
  /** Only in this plan file. */
  readonly plan?: string
  /** Only where the variant of the plan or of the module has these values. */
  readonly variant?: Variant
}

export interface JudgedModule extends ModuleResult {
  /** The written reason, where the result is the expected one. */
  readonly expected: string | null
  /** What is wrong with the result; null: nothing. */
  readonly problem: string | null
}

export interface JudgedRun extends Omit<PlanRun, 'modules'> {
  readonly modules: readonly JudgedModule[]
}

export function judge(runs: readonly PlanRun[], expectations: readonly Expectation[]): readonly JudgedRun[] {
  return runs.map((run) => ({ ...run, modules: run.modules.map((module) => judged(run, module, expectations)) }))
}

function judged(run: PlanRun, module: ModuleResult, expectations: readonly Expectation[]): JudgedModule {
  const meant = expectations.filter((each) => concerns(each, run, module))
  const hit = meant.find(({ result }) => result === module.result)
  if (hit !== undefined) return { ...module, expected: hit.reason, problem: null }
  const [missed] = meant
  if (missed !== undefined) {
    const what = `${missed.result} was expected, and it is ${module.result}`
    return { ...module, expected: null, problem: [what, ...module.reasons].join('; ') }
  }
  if (module.result === 'PASSED') return { ...module, expected: null, problem: null }
  return {
    ...module,
    expected: null,
    problem: [`${module.result}, and no reason is written down`, ...module.reasons].join('; '),
  }
}

function concerns({ module, plan, variant = {} }: Expectation, run: PlanRun, result: ModuleResult): boolean {
  const actual: Variant = { ...run.variant, ...result.variant }
  return (
    module === result.module &&
    (plan === undefined || plan === run.plan) &&
    Object.entries(variant).every(([name, value]) => actual[name] === value)
  )
}

export function problemsOf(runs: readonly JudgedRun[]): readonly string[] {
  return runs.flatMap((run) =>
    run.modules.flatMap(({ module, problem }) => (problem === null ? [] : [`${titleOf(run)}: ${module}: ${problem}`])),
  )
}

export function titleOf({ plan, variant }: Pick<PlanRun, 'plan' | 'variant'>): string {
  const words = variantText(variant)
  return words === '' ? plan : `${plan} (${words})`
}

export function variantText(variant: Variant): string {
  return Object.entries(variant)
    .map(([name, value]) => `${name}=${value}`)
    .toSorted()
    .join(', ')
}
