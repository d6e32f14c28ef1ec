import { describe, expect, test } from 'vitest'
import { createWindowCounter, type WindowCounter } from '../../src/platform/window-counter.ts'
import { testClock } from '../support/clock.ts'

const times = (counter: WindowCounter, key: string, count: number) => {
  for (let time = 0; time < count; time++) counter.count(key)
}

describe('a count within a window', () => {
  test('is for each key, grows by one, and begins anew with the window', () => {
    const clock = testClock()
    const counter = createWindowCounter(clock, 60)
    expect([counter.count('a'), counter.count('a'), counter.count('b')]).toEqual([1, 2, 1])
    clock.advance(59)
    expect([counter.of('a'), counter.of('b'), counter.of('c'), counter.left()]).toEqual([2, 1, 0, 1])
    clock.advance(1)
    expect([counter.of('a'), counter.count('a'), counter.left()]).toEqual([0, 1, 60])
  })

  test('is kept however many keys somebody invents, and they are not kept all', () => {
    const counter = createWindowCounter(testClock(), 60)
    times(counter, 'guesser', 30)
    for (let at = 0; at < 100_000; at++) counter.count(`invented-${at}`)
    expect(counter.of('guesser')).toBe(30)
    const kept = Array.from({ length: 100_000 }, (_, at) => counter.of(`invented-${at}`)).filter((count) => count > 0)
    expect(kept.length).toBeGreaterThanOrEqual(4_999)
    expect(kept.length).toBeLessThanOrEqual(9_999)
    expect(counter.count('guesser')).toBe(31)
  })

  test.each<[string, Readonly<Record<string, number>>, readonly string[]]>([
    ['the least counted', { a: 3, b: 1, c: 2, d: 1 }, ['a', 'c', 'new']],
    ['the oldest of those that count the same', { a: 1, b: 1, c: 1, d: 1 }, ['c', 'd', 'new']],
    ['not what came first', { a: 9, b: 8, c: 7, d: 6 }, ['a', 'b', 'new']],
    ['not what came last', { a: 1, b: 2, c: 3, d: 4 }, ['c', 'd', 'new']],
    ['nothing, where there is room', { a: 1, b: 1, c: 1 }, ['a', 'b', 'c', 'new']],
  ])('makes room for a new key: %s', (_, counted, kept) => {
    const counter = createWindowCounter(testClock(), 60, 4)
    for (const [key, count] of Object.entries(counted)) times(counter, key, count)
    expect(counter.count('new')).toBe(1)
    const left = [...Object.keys(counted), 'new'].filter((key) => counter.of(key) > 0)
    expect(left).toEqual(kept)
    for (const key of kept) if (key !== 'new') expect(counter.of(key)).toBe(counted[key])
  })

  test('grows without anybody making room for it', () => {
    const counter = createWindowCounter(testClock(), 60, 2)
    times(counter, 'a', 1)
    times(counter, 'b', 5)
    expect([counter.of('a'), counter.of('b')]).toEqual([1, 5])
  })
})
