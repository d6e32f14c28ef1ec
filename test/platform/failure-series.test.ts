// Many failures of one cause, by the clock of the test.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createFailureSeries } from '../../src/platform/failure-series.ts'
import { createLog } from '../../src/platform/log.ts'

let lines: Record<string, unknown>[] = []
const log = createLog('debug', 'json', (line) => {
  const { time: _, ...fields } = JSON.parse(line) as Record<string, unknown>
  lines.push(fields)
})
const series = () => createFailureSeries(log, { every: 10_000, again: 'it answers again' })

beforeEach(() => {
  lines = []
  vi.useFakeTimers()
})
afterEach(() => void vi.useRealTimers())

describe('failures that come one after another', () => {
  it('are written once at once, then as a count, and their end is one line', () => {
    const { failed, held } = series()
    for (let second = 0; second < 25; second++) {
      failed('lost', { reason: `no ${second}` })
      vi.advanceTimersByTime(1_000)
    }
    held()
    expect(lines).toEqual([
      { level: 'warn', message: 'lost', reason: 'no 0' },
      { level: 'warn', message: 'lost', reason: 'no 9', repeated: 9, for_s: 10 },
      { level: 'warn', message: 'lost', reason: 'no 19', repeated: 10, for_s: 20 },
      { level: 'info', message: 'it answers again', failures: 25, after_s: 25 },
    ])
  })

  it('that begin anew soon after their end are told at once', () => {
    const { failed, held } = series()
    failed('lost', { reason: 'first' })
    vi.advanceTimersByTime(1_000)
    held()
    vi.advanceTimersByTime(1_000)
    failed('lost', { reason: 'second' })
    failed('lost', { reason: 'third' })
    const atOnce = [
      { level: 'warn', message: 'lost', reason: 'first' },
      { level: 'info', message: 'it answers again', failures: 1, after_s: 1 },
      { level: 'warn', message: 'lost', reason: 'second' },
    ]
    expect(lines).toEqual(atOnce)
    vi.advanceTimersByTime(8_000)
    expect(lines).toEqual([...atOnce, { level: 'warn', message: 'lost', reason: 'third', repeated: 1, for_s: 8 }])
  })

  it('that come and go are bounded too, and none goes uncounted', () => {
    const { failed, held } = series()
    const counted = () =>
      lines.reduce((sum, { failures = 0, repeated = 0 }) => sum + Number(failures) + Number(repeated), 0)
    for (let time = 0; time < 100; time++) {
      failed('lost')
      held()
      vi.advanceTimersByTime(100)
    }
    // Three beginnings, three ends, and a count.
    expect(lines).toHaveLength(7)
    expect(counted()).toBe(100)
    for (let time = 0; time < 100; time++) {
      failed('lost')
      held()
      vi.advanceTimersByTime(100)
    }
    expect(lines).toHaveLength(14)
    expect(counted()).toBe(200)
  })

  it('that lie far apart are each written whole', () => {
    const { failed } = series()
    for (const reason of ['one', 'two']) {
      failed('lost', { reason })
      vi.advanceTimersByTime(60_000)
    }
    expect(lines).toEqual([
      { level: 'warn', message: 'lost', reason: 'one' },
      { level: 'warn', message: 'lost', reason: 'two' },
    ])
  })

  it('whose end nobody tells are over when it was quiet for a while', () => {
    const { failed } = createFailureSeries(log, { every: 10_000 })
    failed('lost')
    vi.advanceTimersByTime(3_600_000)
    for (const reason of ['next', 'last']) failed('lost', { reason })
    vi.advanceTimersByTime(10_000)
    expect(lines).toEqual([
      { level: 'warn', message: 'lost' },
      { level: 'warn', message: 'lost', reason: 'next' },
      { level: 'warn', message: 'lost', reason: 'last', repeated: 1, for_s: 10 },
    ])
  })

  it('nothing is said where nothing failed', () => {
    const { held } = series()
    held()
    expect(lines).toEqual([])
  })
})
