// Starts another process beside a test (driver.child.ts) and listens to the lines it says.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const CHILD = join(import.meta.dirname, 'driver.child.ts')

/** Starts another process and gives the lines it says, one by one. */
export function startChild(...command: readonly string[]) {
  const child: ChildProcess = spawn(process.execPath, ['--expose-gc', CHILD, ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const { stdout } = child
  if (stdout === null) throw new Error('the child has no output')
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  const ended = once(child, 'exit')
  return {
    say: async (): Promise<string | undefined> => (await lines.next()).value,
    go: () => child.stdin?.write('go\n'),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    ended,
  }
}
