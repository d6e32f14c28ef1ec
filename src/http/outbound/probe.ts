// Looks at one public address as a stranger would: its name, its certificate, what answers there. Nothing secret is
// sent, nothing that comes back is trusted, no redirect is followed, and each look ends after five seconds.

import { lookup } from 'node:dns/promises'
import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as encryptedRequest } from 'node:https'
import { isIP } from 'node:net'
import { checkServerIdentity, connect, type DetailedPeerCertificate, rootCertificates, type TLSSocket } from 'node:tls'

export interface AddressProbe {
  /** IP addresses; empty when the name is unknown, null when nobody could be asked. */
  resolve(host: string): Promise<readonly string[] | null>
  certificate(host: string, port: number): Promise<CertificateFinding>
  /** One GET. */
  ask(url: string): Promise<AnswerFinding>
}

/** `code`: `ECONNREFUSED`, `ENOTFOUND`, `timeout`, … */
export interface Unreachable {
  readonly kind: 'unreachable'
  readonly code: string
}

export type CertificateFinding =
  | Unreachable
  | {
      readonly kind: 'seen'
      /** Why the certificates that were sent do not lead to a publicly trusted root; null: they do. */
      readonly fault: string | null
      readonly nameMatches: boolean
      /** Names it was made for, at most ten. */
      readonly names: readonly string[]
      /** Seconds since 1970; null when it cannot be read. */
      readonly validTo: number | null
      /** How many certificates the server sent. */
      readonly sent: number
    }

export type AnswerFinding = Unreachable | { readonly kind: 'answered'; readonly status: number; readonly body: string }

export interface ProbeSettings {
  /** PEM. Default: the roots that browsers and servers everywhere trust, whatever this machine trusts besides. */
  readonly roots?: readonly string[]
  /** Default 5000. */
  readonly milliseconds?: number
}

const LONGEST_BODY = 4096

export function createAddressProbe(settings: ProbeSettings = {}): AddressProbe {
  const { roots = rootCertificates, milliseconds = 5000 } = settings
  return {
    async resolve(host) {
      if (isIP(host) !== 0) return [host]
      try {
        const found = await within(milliseconds, lookup(host, { all: true }))
        return [...new Set(found.map(({ address }) => address))]
      } catch (error) {
        const code = codeOf(error)
        return code === 'ENOTFOUND' || code === 'ENODATA' ? [] : null
      }
    },

    certificate(host, port) {
      return new Promise((resolve) => {
        const socket: TLSSocket = connect({
          host,
          port,
          // RFC 6066 §3: never an address.
          ...(isIP(host) === 0 && { servername: host }),
          ca: [...roots],
          // The faults are what we want to see, and nothing is sent over this connection.
          rejectUnauthorized: false,
          // The name is judged separately, below.
          checkServerIdentity: () => undefined,
        })
        const end = (finding: CertificateFinding) => {
          clearTimeout(timer)
          socket.destroy()
          resolve(finding)
        }
        const timer = setTimeout(() => end({ kind: 'unreachable', code: 'timeout' }), milliseconds)
        socket.once('error', (error) => end({ kind: 'unreachable', code: codeOf(error) }))
        socket.once('close', () => end({ kind: 'unreachable', code: 'closed' }))
        socket.once('secureConnect', () => end(describe(host, socket)))
      })
    },

    ask(url) {
      return new Promise((resolve) => {
        const request = url.startsWith('https:') ? encryptedRequest : plainRequest
        // `certificate` judges the chain; here the only question is who answers, and the answer proves that itself.
        const sent = request(url, { agent: false, rejectUnauthorized: false, headers: { accept: 'application/json' } })
        const end = (finding: AnswerFinding) => {
          clearTimeout(timer)
          sent.destroy()
          resolve(finding)
        }
        const timer = setTimeout(() => end({ kind: 'unreachable', code: 'timeout' }), milliseconds)
        sent.on('error', (error) => end({ kind: 'unreachable', code: codeOf(error) }))
        sent.once('response', (reply) => {
          void bodyOf(reply).then(
            (body) => end({ kind: 'answered', status: reply.statusCode ?? 0, body }),
            (error: unknown) => end({ kind: 'unreachable', code: codeOf(error) }),
          )
        })
        sent.end()
      })
    },
  }
}

function describe(host: string, socket: TLSSocket): CertificateFinding {
  const certificate = socket.getPeerCertificate(true)
  const names = (certificate.subjectaltname ?? '')
    .split(', ')
    .map((name) => name.replace(/^(?:DNS|IP Address):/, ''))
    .filter((name) => name !== '')
  const validTo = Date.parse(certificate.valid_to)
  return {
    kind: 'seen',
    // Node's types say Error, but the value is the code of OpenSSL as text.
    fault: socket.authorized ? null : codeOf(socket.authorizationError),
    nameMatches: checkServerIdentity(host, certificate) === undefined,
    names: names.slice(0, 10),
    validTo: Number.isNaN(validTo) ? null : Math.floor(validTo / 1000),
    sent: chainLength(certificate),
  }
}

/** A root names itself as its issuer. */
function chainLength(leaf: DetailedPeerCertificate): number {
  const seen = new Set<string>()
  let at: DetailedPeerCertificate | undefined = leaf
  while (at?.fingerprint256 !== undefined && !seen.has(at.fingerprint256)) {
    seen.add(at.fingerprint256)
    at = at.issuerCertificate
  }
  return seen.size
}

async function bodyOf(reply: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of reply) {
    if (!Buffer.isBuffer(chunk)) continue
    chunks.push(chunk)
    length += chunk.length
    if (length > LONGEST_BODY) break
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, LONGEST_BODY)
}

async function within<T>(milliseconds: number, task: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('timeout')), milliseconds)
  try {
    return await Promise.race([task, promise])
  } finally {
    clearTimeout(timer)
  }
}

function codeOf(error: unknown): string {
  if (typeof error === 'string') return error
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message.slice(0, 80)
}
