// Asks ourselves through the public address, and answers: only who holds the master key can ask or answer, so the
// answer proves that it is this server that stands there, and says how a proxy in front of it presents visitors.

import { sameBytes } from '../../credentials/digest.ts'
import type { MasterKey } from '../../credentials/master-key.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import type { AddressProbe, Unreachable } from '../../http/outbound/probe.ts'
import { json } from '../../http/reply/replies.ts'
import { normalizeAddress } from '../../http/request/address.ts'
import { readQuery } from '../../http/request/form.ts'
import { newSecret } from '../../platform/random.ts'

/** Whether headers of a proxy were there, and whether they were believed. */
export type Forwarding = 'none' | 'believed' | 'ignored'

/** How a request looked when it arrived here. */
export interface Arrival {
  readonly secure: boolean
  readonly host: string
  readonly forwarding: Forwarding
}

export type ReachFinding =
  | Unreachable
  | ({ readonly kind: 'ours' } & Arrival)
  /** Somebody else answered, or a server with another master key. */
  | { readonly kind: 'other'; readonly status: number }

export function arrivalOf({ headers, peer }: HttpRequest): Arrival {
  return { secure: peer.secure, host: peer.host, forwarding: forwardingOf(headers, peer) }
}

function forwardingOf(headers: HttpRequest['headers'], peer: HttpRequest['peer']): Forwarding {
  const chain = headers['x-forwarded-for']
  const scheme = headers['x-forwarded-proto']
  if (chain !== undefined) {
    // Whoever is believed has named the visitor; else the visitor is the proxy itself.
    const named = chain.split(',').map((hop) => normalizeAddress(hop.trim().replace(/^\[(.*)\](?::\d+)?$/, '$1')))
    return named.some((hop) => hop === peer.address || hop.startsWith(`${peer.address}:`)) ? 'believed' : 'ignored'
  }
  if (scheme !== undefined)
    return (scheme.split(',').at(-1)?.trim() === 'https') === peer.secure ? 'believed' : 'ignored'
  const others = ['forwarded', 'x-forwarded-host', 'x-real-ip']
  return others.some((name) => headers[name] !== undefined) ? 'ignored' : 'none'
}

type Mac = Pick<MasterKey, 'hmac'>

function sign(master: Mac, kind: 'ask' | 'answer', nonce: string): string {
  return Buffer.from(master.hmac('set-up', `reach:${kind}:${nonce}`)).toString('base64url')
}

export async function askOurselves(master: Mac, probe: AddressProbe, reachUrl: string): Promise<ReachFinding> {
  const nonce = newSecret()
  const answer = await probe.ask(`${reachUrl}?nonce=${nonce}&mac=${sign(master, 'ask', nonce)}`)
  if (answer.kind === 'unreachable') return answer
  const arrival = answer.status === 200 ? parseArrival(answer.body, sign(master, 'answer', nonce)) : null
  return arrival === null ? { kind: 'other', status: answer.status } : { kind: 'ours', ...arrival }
}

function parseArrival(body: string, proof: string): Arrival | null {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const members: Readonly<Record<string, unknown>> = Object.fromEntries(Object.entries(value))
  const { secure, host, forwarding } = members
  if (members['proof'] !== proof || typeof secure !== 'boolean' || typeof host !== 'string') return null
  if (forwarding !== 'none' && forwarding !== 'believed' && forwarding !== 'ignored') return null
  return { secure, host, forwarding }
}

/** Strangers learn nothing here, not even that something is. */
export function reachEndpoint(master: Mac) {
  return async (http: HttpRequest): Promise<HttpReply> => {
    const query = readQuery(http)
    const nonce = query.get('nonce') ?? ''
    const asked = sameBytes(Buffer.from(query.get('mac') ?? ''), Buffer.from(sign(master, 'ask', nonce)))
    if (!asked) return json(404, { error: 'invalid_request', error_description: 'There is no such endpoint' })
    return json(200, { proof: sign(master, 'answer', nonce), ...arrivalOf(http) })
  }
}
