// A run told: a table for people, JUnit for machines. JSON is the run itself.

import { RESULTS } from './run-module.ts'
import { type JudgedModule, type JudgedRun, titleOf, variantText } from './verdict.ts'

export interface About {
  readonly suite: string
  readonly revision: string | null
  readonly issuer: string
  /** `2026-11-23` */
  readonly date: string
}

export function tableOf(runs: readonly JudgedRun[]): string {
  const head = ['plan', 'variant', 'modules', ...RESULTS.map((result) => result.toLowerCase()), 'minutes']
  const rows = runs.map(({ plan, variant, modules, seconds }) => [
    plan,
    variantText(variant) || '–',
    String(modules.length),
    ...RESULTS.map((result) => String(modules.filter((module) => module.result === result).length || '')),
    (seconds / 60).toFixed(1),
  ])
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, column) => (column < 2 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

/** One line for each module and reason that is not a plain pass; the same in several plans is told once. */
export function listOf(runs: readonly JudgedRun[]): string {
  const places = new Map<string, string[]>()
  for (const run of runs) {
    for (const module of run.modules) {
      if (module.result === 'PASSED' && module.problem === null) continue
      const reason = module.expected ?? module.problem ?? module.reasons.join('; ')
      const text = `- ${module.result} \`${module.module}\`: ${reason}`
      places.set(text, [...(places.get(text) ?? []), run.plan])
    }
  }
  const lines = [...places].map(([text, plans]) => {
    const counts = [...new Set(plans)].map((plan) => {
      const count = plans.filter((each) => each === plan).length
      return count > 1 ? `${plan} ×${count}` : plan
    })
    return `${text} (${counts.join(', ')})`
  })
  return lines.length === 0 ? 'Every module passed.' : lines.toSorted().join('\n')
}

export function markdownOf(about: About, runs: readonly JudgedRun[]): string {
  const { suite, revision, issuer, date } = about
  return `Suite ${suite}${revision === null ? '' : ` (${revision})`}, ${issuer}, ${date}\n\n${tableOf(runs)}\n\n${listOf(runs)}\n`
}

/** A problem is a failure; what was skipped for a written reason is skipped; all else has passed. */
export function junitOf(runs: readonly JudgedRun[]): string {
  const suites = runs.map((run) => {
    const failures = run.modules.filter(({ problem }) => problem !== null).length
    const skipped = run.modules.filter((module) => isSkip(module)).length
    const head = `name="${escaped(titleOf(run))}" tests="${run.modules.length}" failures="${failures}" skipped="${skipped}" time="${run.seconds}"`
    return `  <testsuite ${head}>\n${run.modules.map((module) => caseOf(run, module)).join('\n')}\n  </testsuite>`
  })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('\n')}\n</testsuites>\n`
}

const isSkip = ({ result, problem }: JudgedModule) => result === 'SKIPPED' && problem === null

function caseOf(run: JudgedRun, module: JudgedModule): string {
  const variant = variantText(module.variant)
  const name = variant === '' ? module.module : `${module.module} [${variant}]`
  const head = `    <testcase classname="${escaped(run.plan)}" name="${escaped(name)}" time="${module.seconds}"`
  if (module.problem !== null) {
    return `${head}><failure type="${module.result}" message="${escaped(module.problem)}"/></testcase>`
  }
  if (isSkip(module)) return `${head}><skipped message="${escaped(module.expected ?? '')}"/></testcase>`
  if (module.expected === null) return `${head}/>`
  return `${head}><system-out>${escaped(`${module.result}: ${module.expected}`)}</system-out></testcase>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
}

/** Characters that XML 1.0 §2.2 cannot hold are left out. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/g, '')
    .replace(/[&<>"\n]/g, (character) => ENTITIES[character] ?? '')
}
