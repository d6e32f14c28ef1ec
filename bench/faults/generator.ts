// One process of the load of overload.ts: is told what to ask and how often, and tells what became of it.

import { CLIENT_ID, SECRET } from '../../test/faults/support/installation.ts'
import { type Ask, type Counts, countFlood, countSaturated, type Rate } from '../../test/faults/support/pressure.ts'
import { Wire, type WireReply } from '../measuring/wire.ts'

export interface Order {
  readonly port: number
  readonly host: string
  readonly name: 'userinfo' | 'refresh'
  readonly access: string
  /** Refresh tokens that are this process's alone; at most one request for each is under way. */
  readonly refresh: readonly string[]
  /** Requests a second. Null: each connection sends the next request as soon as it is answered. */
  readonly perSecond: number | null
  readonly connections: number
  readonly milliseconds: number
  /** Milliseconds before these that are not counted. */
  readonly before: number
}

export interface Done {
  readonly counts: Counts
  /** The newest ones. */
  readonly refresh: readonly string[]
  /** Share of a core that this process has taken. */
  readonly busy: number
}

const outcome = ({ status, head }: WireReply) => ({ status, retryAfter: /\r\nretry-after: /i.test(head) })

/** Of all orders: clients keep their connections. */
let wire: Wire | undefined

async function carryOut(order: Order): Promise<Done> {
  const { port, host, name, access, perSecond, connections, milliseconds, before } = order
  const clients = (wire ??= new Wire(port))
  const pool = [...order.refresh]
  const userinfo = `GET /sso/userinfo HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${access}\r\n\r\n`
  const basic = Buffer.from(`${CLIENT_ID}:${SECRET}`).toString('base64')
  const refresh = (token: string) => {
    const body = `grant_type=refresh_token&refresh_token=${token}`
    return `POST /sso/token HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Basic ${basic}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  }
  const asks: Readonly<Record<Order['name'], Ask>> = {
    userinfo: async () => outcome(await clients.ask(userinfo)),
    async refresh() {
      const token = pool.pop()
      if (token === undefined) throw new Error('no refresh token is free')
      const reply = await clients.ask(refresh(token))
      const issued = reply.status === 200 ? /"refresh_token":"([^"]+)"/.exec(reply.body)?.[1] : undefined
      // If the request was refused, or nobody knows what became of it, the same token can be sent again.
      pool.push(issued ?? token)
      return outcome(reply)
    },
  }
  const ask = asks[name]
  const most = name === 'refresh' ? Math.min(connections, pool.length) : connections
  const began = process.cpuUsage()
  const since = performance.now()
  const counts =
    perSecond === null
      ? await countSaturated(ask, most, milliseconds)
      : await countFlood(ask, { perSecond, connections: most, milliseconds, before } satisfies Rate)
  const { user, system } = process.cpuUsage(began)
  const busy = (user + system) / 1000 / (performance.now() - since)
  return { counts, refresh: pool, busy }
}

process.on('disconnect', () => process.exit())
process.on('message', (order: Order) => {
  void carryOut(order).then(
    (done) => process.send?.(done),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
