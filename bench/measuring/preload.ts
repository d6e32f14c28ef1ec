// Loaded before the built server (`node --import`), so that it is measured as it is: adds the reporting, and tells the
// bench where it will answer.

import type { Target } from './operations.ts'
import { report } from './reporting.ts'

const target = JSON.parse(process.env['BENCH_TARGET'] ?? '{}') as Target
delete process.env['BENCH_TARGET']

// The channel to the bench must not keep the process running when the server ends.
process.channel?.unref()
report(target, () => {
  process.kill(process.pid, 'SIGTERM')
  return new Promise(() => {})
})
