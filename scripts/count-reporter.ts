// A reporter of vitest that writes the final counts to the file named by LINGPAI_TEST_COUNTS, for `npm test`.

import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], reason: string): void {
    let [passed, failed, skipped] = [0, 0, 0]
    for (const module of modules) {
      let failedHere = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        else if (state === 'skipped') skipped++
        // A test without a result, because it never ended, counts as failed.
        else failedHere++
      }
      // A file that cannot be loaded, or whose hook fails, may have no failed test of its own.
      failed += failedHere > 0 ? failedHere : module.ok() ? 0 : 1
    }
    failed += errors.length
    if (reason === 'interrupted') failed++
    const file = process.env['LINGPAI_TEST_COUNTS']
    if (file !== undefined) writeFileSync(file, JSON.stringify({ passed, failed, skipped } satisfies Counts))
  }
}
