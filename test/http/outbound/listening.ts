// Servers of one test, closed when it has ended.

import type { AddressInfo, Server } from 'node:net'
import { afterEach } from 'vitest'

const running: Server[] = []
afterEach(async () => {
  for (const server of running.splice(0)) {
    if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function')
      server.closeAllConnections()
    await new Promise<unknown>((resolve) => server.close(resolve))
  }
})

/** Where `server` listens from now on. */
export async function portOf(server: Server): Promise<number> {
  running.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
