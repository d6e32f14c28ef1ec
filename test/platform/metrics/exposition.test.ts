import { describe, expect, test } from 'vitest'
import { METRIC_FAMILIES } from '../../../src/model/metrics.ts'
import { exposition } from '../../../src/platform/metrics/exposition.ts'
import { Durations, type Family, reading, single, Tally } from '../../../src/platform/metrics/reading.ts'
import { Exposition } from '../../support/exposition.ts'

const family = (name: string, type: Family['type'], labels: readonly string[] = []): Family => ({
  name,
  type,
  labels,
  en: `What ${name} is.`,
  zh: '说明。',
})
const things = family('things_total', 'counter', ['kind']) as Family<number>
const level = family('level', 'gauge') as Family<number>

test('families in their order, each described once, samples of all sources below it', () => {
  const tally = new Tally()
  for (const word of ['a', 'b', 'a']) tally.add(word)
  const sources = [
    { labels: { worker: '1' }, readings: [single(level, 2.5), reading(things, tally.read())] },
    { labels: { worker: '2' }, readings: [reading(things, [{ labels: ['a'], value: 7 }])] },
  ]
  expect(exposition([things, level, family('absent', 'gauge')], sources)).toBe(
    [
      '# HELP things_total What things_total is.',
      '# TYPE things_total counter',
      'things_total{worker="1",kind="a"} 2',
      'things_total{worker="1",kind="b"} 1',
      'things_total{worker="2",kind="a"} 7',
      '# HELP level What level is.',
      '# TYPE level gauge',
      'level{worker="1"} 2.5',
      '',
    ].join('\n'),
  )
})

test('no value of a label can end its line, its quotes or its braces', () => {
  const value = 'a"} 1\nforged_total 9 \\'
  const text = exposition([things], [{ labels: {}, readings: [reading(things, [{ labels: [value], value: 1 }])] }])
  expect(text.split('\n')).toHaveLength(4)
  expect(new Exposition(text).samples).toEqual([{ name: 'things_total', labels: { kind: value }, value: 1 }])
})

describe('durations', () => {
  const took = family('took_seconds', 'histogram') as Family<ReturnType<Durations['read']>>
  const read = (...milliseconds: readonly number[]) => {
    const durations = new Durations()
    for (const each of milliseconds) durations.add(each)
    return new Exposition(exposition([took], [{ labels: {}, readings: [single(took, durations.read())] }]))
  }

  test.each([
    [0, '0.001'],
    [1, '0.001'],
    [1.001, '0.0025'],
    [250, '0.25'],
    [9_999, '10'],
    [10_001, '+Inf'],
  ])('%d ms are counted from the bucket %s on', (milliseconds, first) => {
    const buckets = read(milliseconds).all('took_seconds_bucket')
    const bound = first === '+Inf' ? Number.POSITIVE_INFINITY : Number(first)
    for (const { labels, value } of buckets) {
      const here = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le'])
      expect(value, labels['le']).toBe(here >= bound ? 1 : 0)
    }
    expect(buckets.at(-1)?.labels['le']).toBe('+Inf')
  })

  test('sum and count are those of all', () => {
    const all = read(1, 20, 300, 40_000)
    expect(all.value('took_seconds_count')).toBe(4)
    expect(all.value('took_seconds_sum')).toBeCloseTo(40.321, 9)
    expect(all.all('took_seconds_bucket').map(({ value }) => value)).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4])
  })
})

test('every family has a name of its own in the style of Prometheus, and words in both languages', () => {
  const names = METRIC_FAMILIES.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const { name, type, labels, en, zh } of METRIC_FAMILIES) {
    expect(name).toMatch(/^(lingpai|process|nodejs)_[a-z_]+$/)
    expect(name.endsWith('_total'), name).toBe(type === 'counter')
    if (type === 'histogram') expect(name).toMatch(/_seconds$/)
    for (const label of labels) expect(label, name).toMatch(/^[a-z]+$/)
    expect(labels, name).not.toContain('worker')
    expect(en, name).toMatch(/^.+\.$/)
    expect(zh, name).toMatch(/\p{Script=Han}.*。$/u)
  }
})
