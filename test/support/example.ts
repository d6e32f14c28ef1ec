// An example of ours as a process of its own, started as its README says.

import { spawn } from 'node:child_process'
import { once } from 'node:events'

export async function startExample(
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<{ stop(): Promise<void> }> {
  const child = spawn(process.execPath, [`examples/${folder}/server.ts`], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  await Promise.race([
    once(child.stdout, 'data'),
    ended.then(([code]) => {
      throw new Error(`examples/${folder} ended with ${String(code)} before it listened`)
    }),
  ])
  return {
    async stop() {
      child.kill()
      await ended
    },
  }
}
