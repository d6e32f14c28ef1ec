// One outgoing request and its answer: to an address that has been checked, reading no more of the answer than was
// asked for.

import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http'
import { request as encryptedRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { normalizeAddress } from '../request/address.ts'
import { ReceivedBody } from '../request/received-body.ts'
import { failed, type OutboundAnswer, type OutboundFailure, type OutboundRequest } from './message.ts'

/** One request over one connection, to one of these addresses and nowhere else. */
export function send(
  url: URL,
  addresses: readonly string[],
  { mediaTypes, form }: OutboundRequest,
  signal: AbortSignal,
  roots: readonly string[] | undefined,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const secure = url.protocol === 'https:'
    const sent: ClientRequest = (secure ? encryptedRequest : plainRequest)(url, {
      method: form === undefined ? 'GET' : 'POST',
      // No connection is kept, so the next address of the same name cannot take it over.
      agent: false,
      signal,
      lookup: pinned(addresses),
      maxHeaderSize: 16_384,
      ...(secure && { rejectUnauthorized: true, ...(roots !== undefined && { ca: [...roots] }) }),
      headers: {
        accept: mediaTypes === null ? '*/*' : mediaTypes.filter((type) => !type.includes('*')).join(', '),
        // Nothing is decompressed, so a small answer stays small.
        'accept-encoding': 'identity',
        'user-agent': 'Lingpai',
        connection: 'close',
        ...(form !== undefined && {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': String(Buffer.byteLength(form)),
        }),
      },
    })
    sent.once('socket', (socket) => {
      socket.once('connect', () => {
        const reached = normalizeAddress(socket.remoteAddress ?? '')
        if (!addresses.some((address) => normalizeAddress(address) === reached)) {
          sent.destroy(new Error('another address was reached than the one that was checked'))
        }
      })
    })
    sent.once('response', resolve)
    sent.on('error', reject)
    sent.end(form)
  })
}

/** The answer, within the limits of the request. */
export async function read(
  reply: IncomingMessage,
  { mediaTypes, mostBytes }: OutboundRequest,
): Promise<OutboundAnswer> {
  const { statusCode: status = 0, headers } = reply
  const giveUp = (why: OutboundFailure, reason: string) => {
    reply.destroy()
    return failed(why, reason)
  }
  if (status < 200 || status > 299) return giveUp('status', `the answer has the status ${status}`)
  const maxAge = maxAgeOf(headers['cache-control'])
  if (mediaTypes === null) {
    reply.destroy()
    return { kind: 'answered', status, body: new Uint8Array(), maxAge }
  }
  if (!isOneOf(mediaTypes, headers['content-type'])) {
    return giveUp('media_type', 'the answer is of another media type')
  }
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding.toLowerCase() !== 'identity')
    return giveUp('media_type', 'the answer is packed, which was not asked for')
  const tooLarge = `the answer has more than ${mostBytes} bytes`
  if (Number(headers['content-length'] ?? 0) > mostBytes) return giveUp('too_large', tooLarge)
  const body = new ReceivedBody()
  for await (const chunk of reply) {
    if (!(chunk instanceof Uint8Array)) continue
    if (body.length + chunk.length > mostBytes) return giveUp('too_large', tooLarge)
    body.add(chunk)
  }
  return { kind: 'answered', status, body: body.whole(), maxAge }
}

function isOneOf(mediaTypes: readonly string[], header: string | undefined): boolean {
  const type = (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  return mediaTypes.some((each) => {
    const [family = '', suffix] = each.split('*')
    return suffix === undefined ? type === each : type.startsWith(family) && type.endsWith(suffix)
  })
}

/** RFC 9111 §5.2.2. */
function maxAgeOf(header: string | undefined): number | null {
  if (header === undefined) return null
  if (/(^|[\s,])no-(store|cache)([\s,=]|$)/i.test(header)) return 0
  const seconds = /(?:^|[\s,])max-age="?(\d{1,9})/i.exec(header)?.[1]
  return seconds === undefined ? null : Number(seconds)
}

/** Whatever name is looked up, the answer is these addresses. */
function pinned(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_host, options, callback) => {
    const [first] = all
    if (first === undefined) callback(new Error('no address'), '', 0)
    else if (options.all === true) callback(null, all)
    else callback(null, first.address, first.family)
  }
}
