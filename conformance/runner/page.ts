// docs/reference/conformance.md: the results of a whole campaign as a page for people.

import type { About } from './report.ts'
import { RESULTS, type Result } from './run-module.ts'
import { type JudgedModule, type JudgedRun, variantText } from './verdict.ts'

const HEAD = `<!-- Made by \`npm run conformance -- --report\`; run the suite again instead. -->

# Results of the OpenID conformance suite

The suite of the OpenID Foundation asks Lingpai what it asks of every OpenID Provider that wants to be certified. This page holds its last
answers; [conformance/README.md](../../conformance/README.md) says how to ask it again. A certification is the Foundation's to give: this page
is no certificate.
`

const MEANING = `\`review\` means that the suite filed a page of ours for a person to look at: a module that ends on such a page can reach nothing
better. \`skipped\` means that the suite found nothing to test.`

export function pageOf({ suite, revision, date }: About, runs: readonly JudgedRun[]): string {
  const version = revision === null ? suite : `${suite} (revision ${revision})`
  return `${HEAD}
Suite ${version}, its scripted browser, each module once, ${date}.

${countsOf(runs)}

${MEANING}

${reasonsOf(runs)}
`
}

function countsOf(runs: readonly JudgedRun[]): string {
  const row = (plan: string, variant: string, modules: readonly JudgedModule[]) => [
    plan,
    variant,
    String(modules.length),
    ...RESULTS.map((result) => String(modules.filter((module) => module.result === result).length)),
  ]
  return table(
    ['plan', 'variant', 'modules', ...RESULTS.map((result) => result.toLowerCase())],
    ['---', '---', '---:', ...RESULTS.map(() => '---:')],
    [
      ...runs.map(({ plan, variant, modules }) => row(plan, variantText(variant) || '–', modules)),
      row(
        '**all**',
        '',
        runs.flatMap(({ modules }) => modules),
      ),
    ],
  )
}

interface Group {
  readonly result: Result
  readonly reason: string
  readonly modules: Map<string, number>
}

/** What is no plain pass: modules with the same result for the same reason stand together. */
function reasonsOf(runs: readonly JudgedRun[]): string {
  const groups = new Map<string, Group>()
  for (const module of runs.flatMap(({ modules }) => modules)) {
    const { result } = module
    if (result === 'PASSED') continue
    const reason = module.expected ?? `**not explained**: ${module.reasons.join('; ')}`
    const key = `${result} ${reason}`
    const group = groups.get(key) ?? { result, reason, modules: new Map<string, number>() }
    group.modules.set(module.module, (group.modules.get(module.module) ?? 0) + 1)
    groups.set(key, group)
  }
  if (groups.size === 0) return 'Every module passed.'
  const rank = ({ result }: Group) => RESULTS.length - RESULTS.indexOf(result)
  const rows = [...groups.values()]
    .toSorted((one, other) => rank(one) - rank(other))
    .map(({ result, reason, modules }) => [
      result.toLowerCase(),
      [...modules].map(([name, count]) => (count > 1 ? `\`${name}\` ×${count}` : `\`${name}\``)).join(', '),
      reason,
    ])
  return table(['result', 'modules', 'reason'], ['---', '---', '---'], rows)
}

function table(head: readonly string[], rule: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}
