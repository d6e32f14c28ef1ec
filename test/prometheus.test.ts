// Alerts on a name that does not exist never fire, and nobody notices.

import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { HINTS_EN } from '../src/administration/trace/hints-en.ts'
import { METRIC_FAMILIES } from '../src/model/metrics.ts'

/** Every series that a server may tell, with the labels that its own may have; Prometheus adds the others. */
const LABELS = new Map(
  METRIC_FAMILIES.flatMap(({ name, type, labels }) =>
    type === 'histogram'
      ? ['_bucket', '_sum', '_count'].map((end) => [name + end, [...labels, 'le']] as const)
      : [[name, labels] as const],
  ),
)
const GIVEN = ['job', 'instance', 'worker']

const read = (file: string) => readFileSync(file, 'utf8')
const guides = readdirSync('docs/guides').map((name) => `docs/guides/${name}`)
const alerts = 'examples/prometheus/alerts.yml'

/** What is spoken of, with its labels. */
function seriesIn(text: string): readonly (readonly [name: string, labels: readonly string[]])[] {
  return [...text.matchAll(/\b((?:lingpai|process|nodejs)_[a-z_]+)(?:\{([^}]*)\})?/g)].flatMap(
    ([, name = '', braced = '']) => {
      if (!LABELS.has(name) && !/_(total|seconds|bytes|fds|up|ready|bucket|count|sum|trouble|info)$/.test(name))
        return []
      return [[name, [...braced.matchAll(/([a-z]+)(?:=~?|!=|!~)"/g)].map(([, label = '']) => label)] as const]
    },
  )
}

test.each([alerts, ...guides])('%s speaks only of series and labels that there are', (file) => {
  const base = new Map([...LABELS, ...METRIC_FAMILIES.map(({ name, labels }) => [name, labels] as const)])
  for (const [name, labels] of seriesIn(read(file))) {
    expect([...base.keys()], name).toContain(name)
    for (const label of labels) expect([...(base.get(name) ?? []), ...GIVEN], `${name} ${label}`).toContain(label)
  }
})

test.each([alerts, 'docs/guides/watch.md', 'docs/guides/watch.zh-CN.md'])('%s names rules of the trace', (file) => {
  const rules = [...read(file).matchAll(/rule=~?"([a-z_|]+)"/g)].flatMap(([, names = '']) => names.split('|'))
  expect(rules.length).toBeGreaterThan(0)
  for (const rule of rules) expect(Object.keys(HINTS_EN)).toContain(rule)
})

test('the guide counts the alerts that there are', () => {
  const { groups } = parse(read(alerts)) as { groups: { rules: { alert: string; expr: string }[] }[] }
  const rules = groups.flatMap((group) => group.rules)
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
  expect(rules).toHaveLength(17)
  expect(read('docs/guides/watch.md')).toContain('seventeen alerts')
  expect(read('docs/guides/watch.zh-CN.md')).toContain('十七条告警')
})
