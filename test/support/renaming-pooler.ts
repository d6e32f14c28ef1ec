// Before a pooler that hands on the names of prepared statements as they are: gives each client names of its own, as PgBouncer
// does itself since 1.21 with max_prepared_statements.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface RenamingPooler {
  readonly url: string
  close(): Promise<void>
}

export async function startRenamingPooler(pooler: string): Promise<RenamingPooler> {
  const target = new URL(pooler)
  const sockets = new Set<Socket>()
  let clients = 0
  const server = createServer((near) => {
    const prefix = `PGBOUNCER_${++clients}_`
    const far = connect(Number(target.port), target.hostname)
    let waiting = Buffer.alloc(0)
    let hasBegun = false
    near.on('data', (chunk) => {
      waiting = Buffer.concat([waiting, chunk])
      for (;;) {
        // The first message has no type.
        const head = hasBegun ? 1 : 0
        if (waiting.length < head + 4) return
        const end = head + waiting.readInt32BE(head)
        if (waiting.length < end) return
        far.write(hasBegun ? renamed(waiting.subarray(0, end), prefix) : waiting.subarray(0, end))
        waiting = waiting.subarray(end)
        hasBegun = true
      }
    })
    far.pipe(near)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket
        .on('error', () => undefined)
        .on('close', () => {
          near.destroy()
          far.destroy()
        })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(pooler)
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** https://www.postgresql.org/docs/current/protocol-message-formats.html: Parse, Bind, and Describe of a statement. */
function renamed(message: Buffer, prefix: string): Buffer {
  const type = String.fromCharCode(message[0] ?? 0)
  let at = 5
  if (type === 'B') at = message.indexOf(0, at) + 1
  else if (type === 'D' && message[at] === 0x53) at++
  else if (type !== 'P') return message
  if (message[at] === 0) return message
  const longer = Buffer.concat([message.subarray(0, at), Buffer.from(prefix), message.subarray(at)])
  longer.writeInt32BE(longer.length - 1, 1)
  return longer
}
