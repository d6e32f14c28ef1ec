import { expect, it } from 'vitest'
import { measureBeside } from '../support/beside.ts'

it('commands that read and write the same file keep no client waiting for a second, and fail none', {
  timeout: 180_000,
}, async () => {
  const figures = await measureBeside({ users: 5_000, milliseconds: 1_500 })
  expect(figures.map(({ command }) => command)).toEqual(['none', 'user import', 'backup', 'client add', 'user add'])
  // What clients wait for where no command runs says how busy the machine is.
  const usual = Math.max(...figures.slice(0, 1).flatMap(({ userinfo, refresh }) => [userinfo.slowest, refresh.slowest]))
  for (const { command, runs, userinfo, refresh } of figures) {
    const seen = JSON.stringify({ command, userinfo, refresh })
    expect(runs, seen).toBeGreaterThan(0)
    for (const waits of [userinfo, refresh]) {
      expect(waits.asked, seen).toBeGreaterThan(20)
      expect(waits.failed, seen).toBe(0)
      expect(waits.slowest, seen).toBeLessThan(1_000 + 3 * usual)
    }
  }
})
