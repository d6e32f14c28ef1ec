// Before all tests: a door that starts PostgreSQL when the first test asks for it, once for the whole run.

import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import type { TestProject } from 'vitest/node'
import { startPostgres } from './postgres-server.ts'

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let running: ReturnType<typeof startPostgres> | undefined
  const door = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    running ??= startPostgres()
    running.then(
      ({ url }) => socket.end(JSON.stringify({ url })),
      (error: unknown) => socket.end(JSON.stringify({ error: error instanceof Error ? error.message : String(error) })),
    )
  })
  door.listen(0, '127.0.0.1')
  await once(door, 'listening')
  project.provide('postgresDoor', (door.address() as AddressInfo).port)
  return async () => {
    door.close()
    if (running !== undefined) {
      const started = await running.catch(() => undefined)
      await started?.stop()
    }
  }
}

declare module 'vitest' {
  export interface ProvidedContext {
    postgresDoor: number
  }
}
