// A wire to the database that can be made slow, silent, or be cut at the worst moment.

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'

export interface Wire {
  /** The database's address through this wire. */
  readonly url: string
  /** Milliseconds that each direction waits. */
  delay: number
  /**
   * At the Sync, which commits, of the next list that holds the statement `of` (lists of the server's own errands pass):
   * `before` it reaches the database, or `after` the database has replied and before anybody hears of it. Null: nothing
   * is cut.
   */
  cut: { readonly moment: 'before' | 'after'; readonly of: string } | null
  /** Called with what the near side has sent, before it is passed on. */
  onSent: ((chunk: Buffer) => void) | null
  /** How often the near side spoke and then waited for the far side: one is one round trip. */
  readonly turns: number
  /** How many commits were cut. */
  readonly cuts: number
  /** Nothing comes through any more, and nobody is told; what was sent arrives when the wire speaks again. */
  silence(): void
  speak(): void
  /** New connections are refused and old ones end. */
  down(): void
  up(): void
  close(): Promise<void>
}

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
interface Message {
  readonly type: string
  readonly at: number
  readonly bytes: Buffer
}

/** Of a chunk that begins with one, as those of a list and of its reply do. */
function* messagesOf(chunk: Buffer): Generator<Message> {
  for (let at = 0; at + 5 <= chunk.length; ) {
    const end = at + 1 + chunk.readInt32BE(at + 1)
    yield { type: String.fromCharCode(chunk[at] ?? 0), at, bytes: chunk.subarray(at, end) }
    at = end
  }
}

/** Where the Sync of the list that runs `statement` begins; -1: it is not here. */
function commitOf(statement: string, chunk: Buffer): number {
  if (!chunk.includes(statement)) return -1
  let isRun = false
  for (const { type, at, bytes } of messagesOf(chunk)) {
    if (type === 'B' && bytes.includes(statement)) isRun = true
    if (type === 'S' && isRun) return at
  }
  return -1
}

/** The statements were run (CommandComplete) and then committed (ReadyForQuery). */
function isCommitted(reply: Buffer): boolean {
  const types = [...messagesOf(reply)].map(({ type }) => type)
  return types.includes('C') && types.lastIndexOf('Z') > types.lastIndexOf('C')
}

export async function startWire(database: string): Promise<Wire> {
  const target = new URL(database)
  const pairs = new Set<readonly [Socket, Socket]>()
  let isDown = false
  let isSilent = false
  let held: (() => void)[] = []
  let cuts = 0
  let turns = 0
  const endAll = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
  }

  /** As TCP does: what is sent later never overtakes, also when the wire has become quicker meanwhile. */
  const inOrder = (to: Socket) => {
    let before: Promise<void> | null = null
    return (chunk: Buffer) => {
      const deliver = () => void (to.destroyed || to.write(chunk))
      const send = () => (isSilent ? void held.push(deliver) : deliver())
      if (wire.delay === 0 && before === null) {
        send()
        return
      }
      const mine: Promise<void> = Promise.all([before, setTimeout(wire.delay)]).then(() => {
        send()
        if (before === mine) before = null
      })
      before = mine
    }
  }

  const server = createServer((near) => {
    if (isDown) {
      near.destroy()
      return
    }
    const far = connect(Number(target.port), target.hostname)
    const pair = [near, far] as const
    pairs.add(pair)
    let isCutting = false
    let isNearSpeaking = false
    const end = () => {
      pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    for (const socket of pair) {
      socket.setNoDelay(true)
      socket.on('error', end).on('close', end)
    }
    const toFar = inOrder(far)
    const toNear = inOrder(near)
    near.on('data', (chunk) => {
      wire.onSent?.(chunk)
      if (!isNearSpeaking) turns++
      isNearSpeaking = true
      const at = wire.cut === null ? -1 : commitOf(wire.cut.of, chunk)
      if (at === -1) {
        toFar(chunk)
        return
      }
      cuts++
      if (wire.cut?.moment === 'after') {
        isCutting = true
        wire.cut = null
        toFar(chunk)
        return
      }
      wire.cut = null
      // All that comes before the Sync arrives, and then the connection is gone.
      far.write(chunk.subarray(0, at), end)
    })
    far.on('data', (chunk) => {
      isNearSpeaking = false
      if (!isCutting) toNear(chunk)
      // The reply to the Sync is here: the database has decided, and the other side will never know.
      else if (isCommitted(chunk)) end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(database)
  url.port = String((server.address() as AddressInfo).port)

  const wire: Wire = {
    url: url.href,
    delay: 0,
    cut: null,
    onSent: null,
    get turns() {
      return turns
    },
    get cuts() {
      return cuts
    },
    silence() {
      isSilent = true
    },
    speak() {
      isSilent = false
      for (const deliver of held) deliver()
      held = []
    },
    down() {
      isDown = true
      endAll()
    },
    up() {
      isDown = false
    },
    async close() {
      endAll()
      server.close()
      await once(server, 'close')
    },
  }
  return wire
}
