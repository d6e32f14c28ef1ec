// What every measured server does beside serving: says where it is, reports its CPU time and memory, records a profile
// of itself when asked, and ends.

import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import type { Target } from './operations.ts'

export interface Usage {
  readonly cpu: NodeJS.CpuUsage
  readonly rss: number
}

/** From the bench to a server. */
export type Ask =
  | { readonly ask: 'usage' }
  | { readonly ask: 'stop' }
  | { readonly ask: 'profile' }
  | { readonly ask: 'profiled'; readonly file: string }

export function report(target: Target, stop: () => void | Promise<void>): void {
  let inspector: Session | null = null
  const answer = async (message: Ask): Promise<void> => {
    if (message.ask === 'usage') {
      const usage: Usage = { cpu: process.cpuUsage(), rss: process.memoryUsage().rss }
      process.send?.(usage)
    } else if (message.ask === 'profile') {
      inspector = new Session()
      inspector.connect()
      await inspector.post('Profiler.enable')
      await inspector.post('Profiler.setSamplingInterval', { interval: 200 })
      await inspector.post('Profiler.start')
      process.send?.({})
    } else if (message.ask === 'profiled') {
      const recorded = await inspector?.post('Profiler.stop')
      writeFileSync(message.file, JSON.stringify(recorded?.profile))
      inspector?.disconnect()
      process.send?.({})
    } else await end()
  }
  const end = async () => {
    await stop()
    process.exit(0)
  }
  process.on('message', (message) => void answer(message as Ask))
  process.on('disconnect', () => void end())
  process.send?.(target)
}
