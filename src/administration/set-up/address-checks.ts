// What the findings about a public address mean for the operator: pure, one row a question. The sentences are in
// `address-words.ts`.

import type { CertificateFinding } from '../../http/outbound/probe.ts'
import type { Seconds } from '../../model/time.ts'
import { isLoopback } from '../../options/issuer.ts'
import type { CheckState, CheckView } from '../../pages/index.ts'
import { isPublicHost } from '../rehearsal/public-host.ts'
import { type Said, what, why } from './address-words.ts'
import type { Arrival, ReachFinding } from './reach.ts'

export interface AddressFindings {
  /** The address as it should become. */
  readonly issuer: string
  /** What others must be able to reach there. */
  readonly endpoints: readonly string[]
  /** The one the running server has. */
  readonly running: string
  /** Null: nobody could be asked. */
  readonly addresses: readonly string[] | null
  /** Null: there is no TLS to look at. */
  readonly certificate: CertificateFinding | null
  readonly reach: ReachFinding
  /** How the operator's own request arrived. */
  readonly arrival: Arrival
  readonly now: Seconds
}

const row = (name: Said, state: CheckState, explanation: Said): CheckView => ({ what: name, state, explanation })

export function addressChecks(findings: AddressFindings): readonly CheckView[] {
  const url = new URL(findings.issuer)
  const here = isLoopback(url.hostname)
  const cause = soleCause(findings, here)
  return [
    ...restartRow(findings),
    addressRow(url, here),
    ...(here ? [] : [nameRow(url, findings, cause)]),
    ...(here ? [] : [portRow(url)]),
    ...certificateRows(findings, cause),
    ...reachRows(findings, cause),
    ...proxyRows(findings),
    ...(here ? [] : [row(what.outside, 'unknown', why.outside(url.origin))]),
  ]
}

type Cause = 'name' | 'connection' | null

/** Why no connection could be made at all: it is told once, and not again by each look that needed one. */
function soleCause({ addresses, certificate, reach }: AddressFindings, here: boolean): Cause {
  if (reach.kind !== 'unreachable' || certificate?.kind === 'seen') return null
  if (!here && (addresses === null || addresses.length === 0)) return 'name'
  return certificate?.code === reach.code ? 'connection' : null
}

function restartRow({ issuer, running }: AddressFindings): readonly CheckView[] {
  return issuer === running ? [] : [row(what.restart, 'warn', why.restart(running, issuer))]
}

function addressRow(url: URL, here: boolean): CheckView {
  if (here) return row(what.address, 'warn', why.onlyHere)
  if (url.protocol !== 'https:') return row(what.address, 'bad', why.notEncrypted)
  if (/^[\d.]+$|^\[/.test(url.hostname)) return row(what.address, 'warn', why.numericHost)
  return isPublicHost(url.hostname) ? row(what.address, 'ok', why.goodAddress) : row(what.address, 'bad', why.innerName)
}

function nameRow({ hostname }: URL, { addresses, endpoints }: AddressFindings, cause: Cause): CheckView {
  if (addresses === null) {
    return cause === 'name'
      ? row(what.name, 'bad', why.nameServersSilent(hostname, endpoints))
      : row(what.name, 'unknown', why.nameNotAsked)
  }
  if (addresses.length === 0) return row(what.name, 'bad', why.nameUnknown(hostname, endpoints))
  const inner = addresses.filter((address) => !isPublicHost(address))
  const list = addresses.slice(0, 4).join(', ')
  if (inner.length === addresses.length) return row(what.name, 'warn', why.nameInside(list))
  return inner.length > 0 ? row(what.name, 'warn', why.nameMixed(list)) : row(what.name, 'ok', why.nameFound(list))
}

function portRow(url: URL): CheckView {
  const standard = url.port === ''
  return standard ? row(what.port, 'ok', why.standardPort) : row(what.port, 'warn', why.otherPort(url.port))
}

const MISSING_LINK = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
])
const OWN_ROOT = new Set(['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN'])
const DATES = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])
const A_DAY = 86_400
const SOON = 21 * A_DAY

function certificateRows({ issuer, certificate, now }: AddressFindings, cause: Cause): readonly CheckView[] {
  if (certificate === null || cause !== null) return []
  if (certificate.kind === 'unreachable') return [row(what.chain, 'bad', why.noHandshake(certificate.code))]
  const { fault, sent, validTo } = certificate
  const chain =
    fault === null
      ? row(what.chain, 'ok', why.chainGood)
      : MISSING_LINK.has(fault)
        ? row(what.chain, 'bad', sent > 1 ? why.chainUnknownRoot : why.chainIncomplete)
        : OWN_ROOT.has(fault)
          ? row(what.chain, 'bad', why.chainOwnRoot)
          : DATES.has(fault)
            ? row(what.chain, 'bad', why.chainDates)
            : row(what.chain, 'bad', why.chainFault(fault))
  const name = certificate.nameMatches
    ? row(what.certificateName, 'ok', why.certificateNameGood)
    : row(what.certificateName, 'bad', why.certificateNameOther(new URL(issuer).hostname, certificate.names.join(', ')))
  if (validTo === null) return [chain, name, row(what.expiry, 'unknown', why.expiryUnreadable)]
  const days = Math.floor((validTo - now) / A_DAY)
  if (validTo <= now) return [chain, name, row(what.expiry, 'bad', why.expired)]
  return [chain, name, row(what.expiry, validTo - now < SOON ? 'warn' : 'ok', why.expiresIn(days))]
}

function reachRows({ reach, endpoints }: AddressFindings, cause: Cause): readonly CheckView[] {
  if (cause === 'name') return []
  if (reach.kind === 'other') return [row(what.reach, 'bad', why.otherAnswered(reach.status))]
  if (reach.kind === 'ours') return [row(what.reach, 'ok', why.reached)]
  const { code } = reach
  return [row(what.reach, 'bad', cause === 'connection' ? why.notConnected(code, endpoints) : why.notReached(code))]
}

/** What came through the public address tells more than the operator's own request, which may have come another way. */
function proxyRows({ issuer, reach, arrival }: AddressFindings): readonly CheckView[] {
  const { protocol, host } = new URL(issuer)
  const seen = reach.kind === 'ours' ? reach : arrival
  if (seen.forwarding === 'ignored') return [row(what.proxy, 'bad', why.proxyNotTrusted)]
  // Why not has been told.
  if (reach.kind !== 'ours') return []
  if (seen.secure !== (protocol === 'https:')) return [row(what.proxy, 'bad', why.proxyHidesScheme)]
  if (seen.host.toLowerCase() !== host) return [row(what.proxy, 'bad', why.proxyHidesHost(seen.host.slice(0, 255)))]
  return [row(what.proxy, 'ok', seen.forwarding === 'believed' ? why.proxyGood : why.noProxy)]
}
