// Readings as text that Prometheus, and whatever speaks its format, can read.
// https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4

import type { Family, HistogramValue, Reading, Sample } from './reading.ts'

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** The readings of one process, and what tells it from others: `{ worker: '2' }`. */
export interface Source {
  readonly labels: Readonly<Record<string, string>>
  readonly readings: readonly Reading[]
}

/** Families stand in their order, those without a sample not at all. */
export function exposition(families: readonly Family[], sources: readonly Source[]): string {
  const lines: string[] = []
  for (const family of families) {
    const samples = sources.flatMap(({ labels, readings }) =>
      readings
        .filter(({ name }) => name === family.name)
        .flatMap(({ samples }) => samples.flatMap((sample) => linesOf(family, labels, sample))),
    )
    if (samples.length === 0) continue
    lines.push(`# HELP ${family.name} ${escaped(family.en)}`, `# TYPE ${family.name} ${family.type}`, ...samples)
  }
  return `${lines.join('\n')}\n`
}

function linesOf({ name, labels: names }: Family, source: Source['labels'], sample: Sample): readonly string[] {
  const own = names.map((label, at): [string, string] => [label, sample.labels[at] ?? ''])
  const labels = [...Object.entries(source), ...own]
  if (typeof sample.value === 'number') return [`${name}${braced(labels)} ${numberText(sample.value)}`]
  return histogramLines(name, labels, sample.value)
}

function histogramLines(
  name: string,
  labels: readonly (readonly [string, string])[],
  { bounds, counts, sum }: HistogramValue,
): readonly string[] {
  let total = 0
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, at) => {
    total += counts[at] ?? 0
    return `${name}_bucket${braced([...labels, ['le', numberText(bound)]])} ${total}`
  })
  return [...buckets, `${name}_sum${braced(labels)} ${numberText(sum)}`, `${name}_count${braced(labels)} ${total}`]
}

function braced(labels: readonly (readonly [string, string])[]): string {
  if (labels.length === 0) return ''
  return `{${labels.map(([label, value]) => `${label}="${escaped(value).replaceAll('"', '\\"')}"`).join(',')}}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
