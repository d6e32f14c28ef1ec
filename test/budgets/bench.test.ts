// The operations of the bench, as `npm run bench -- --quick` counts them.

import { expect, test } from 'vitest'
import { countSpending } from '../../bench/budgets.ts'
import { operations } from '../../bench/measuring/operations.ts'

test('every operation of the bench spends what it may, and none less than it must', async () => {
  const spending = await countSpending()
  expect(spending.map(({ name }) => name)).toEqual(operations.map(({ name }) => name))
  // Equal, so that a budget that became too generous is noticed too.
  expect(spending.map(({ name, calls, signatures }) => ({ name, calls, signatures }))).toEqual(
    operations.map(({ name, budget }) => ({ name, ...budget })),
  )
  expect(spending.every(({ isWithin }) => isWithin)).toBe(true)
})
