// Step 2: the public address, checked as the outside sees it. A changed one is kept for the next start; the running
// server cannot become another issuer under its clients' feet.

import { isLoopback, issuerAddress } from '../../../options/issuer.ts'
import { type FieldProblem, type Problems, type PublicAddressView, publicAddressPage } from '../../../pages/index.ts'
import { addressChecks } from '../address-checks.ts'
import { lengthProblem } from '../name-field.ts'
import type { SetUpParts } from '../parts.ts'
import { typed } from '../person-fields.ts'
import { atLeast, isFaulty, renderDetail, type TicketDetail, writeSetUp } from '../progress.ts'
import { arrivalOf, askOurselves } from '../reach.ts'
import { formTarget, goTo, type OpenSetUp, showPage, showProblems, stepFrame } from '../visit.ts'
import type { Step } from './step.ts'

export function publicAddressStep(parts: SetUpParts): Step {
  const { store, addresses } = parts

  const page = (open: OpenSetUp, issuer: string, valid: boolean, problems: Problems<'issuer'>) => {
    const { checked } = open.detail
    const view: PublicAddressView = {
      form: formTarget(parts, open, 'address'),
      issuer,
      problems,
      mustRestart: issuer !== addresses.issuer,
      checks: checked !== undefined && checked.issuer === issuer ? checked.checks : [],
      urls: valid ? urlsOf(parts, issuer) : [],
    }
    return publicAddressPage(view, stepFrame(parts, open, { page: 'public-address', view }))
  }

  return {
    name: 'address',
    async show(open) {
      const issuer = open.detail.checked?.issuer ?? chosenIssuer(parts, open)
      return showPage(page(open, issuer, true, {}), open)
    },
    forms: {
      async address(open, { fields }) {
        const text = typed(fields, 'issuer')
        const parsed = parseIssuer(text, addresses.issuer)
        if ('problem' in parsed) {
          const { problem } = parsed
          const shown = problem.problem === 'issuer_lacks_scheme' ? problem.corrected : text
          return showProblems(page(open, shown, false, { issuer: problem }), open)
        }
        const { issuer } = parsed
        const wantsOn = fields.get('action') === 'continue'
        let { checked } = open.detail
        if (!wantsOn || checked?.issuer !== issuer) {
          const checks = await check(parts, open, issuer)
          checked = { issuer, checks }
          const detail: TicketDetail = { ...open.detail, checked }
          await store.setTicketDetail(open.ticketHash, renderDetail(detail))
          // Whatever has to be corrected, and that a restart is needed, must have been seen once.
          const mustBeSeen = issuer !== addresses.issuer || isFaulty(checks)
          if (!wantsOn || mustBeSeen) return goTo(open, mustBeSeen ? 'address#address-note' : 'address#checks')
        }
        if (chosenIssuer(parts, open) !== issuer) await parts.storeIssuer(issuer)
        const address = { issuer, running: addresses.issuer, failed: isFaulty(checked.checks) }
        await writeSetUp(store, { ...atLeast(open.progress, 'connect'), address })
        return goTo(open, 'connect')
      },
    },
  }
}

/** The one the next start will have, unless it was given another since. */
export function chosenIssuer(
  { addresses }: Pick<SetUpParts, 'addresses'>,
  { progress }: Pick<OpenSetUp, 'progress'>,
): string {
  const { address } = progress
  return address !== null && address.running === addresses.issuer ? address.issuer : addresses.issuer
}

async function check(parts: SetUpParts, { http }: OpenSetUp, issuer: string) {
  const { probe, master, addresses, clock } = parts
  const { hostname, protocol, port, origin } = new URL(issuer)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const encrypted = protocol === 'https:'
  const [found, certificate, reach] = await Promise.all([
    probe.resolve(host),
    encrypted ? probe.certificate(host, port === '' ? 443 : Number(port)) : null,
    askOurselves(master, probe, `${origin}${reachPath(parts)}`),
  ])
  return addressChecks({
    issuer,
    endpoints: urlsOf(parts, issuer).map(({ url }) => url),
    running: addresses.issuer,
    addresses: found,
    certificate,
    reach,
    arrival: arrivalOf(http),
    now: clock.now(),
  })
}

export function reachPath({ addresses }: Pick<SetUpParts, 'addresses'>): string {
  return `${addresses.path['set-up']}/reach`
}

/** CONTRACT: the browser opens the first, Tencent's servers call the other two. */
function urlsOf({ addresses }: SetUpParts, issuer: string): PublicAddressView['urls'] {
  const { origin } = new URL(issuer)
  const at = (name: 'authorize' | 'token' | 'userinfo') => `${origin}${addresses.path[name]}`
  return [
    { name: 'TokenEndpoint', url: at('token'), from: 'tencent' },
    { name: 'UserInfoEndpoint', url: at('userinfo'), from: 'tencent' },
    { name: 'AuthorizationEndpoint', url: at('authorize'), from: 'browsers' },
  ]
}

const LONGEST_ISSUER = 2048

/** A host as people know it, or with a scheme that went wrong: `https:`, `https//`, or signs of a Chinese keyboard. */
function lackingScheme(text: string, running: string): { readonly problem: FieldProblem } {
  const invalid = { problem: { problem: 'issuer_invalid' } } as const
  const rest = text.normalize('NFKC').replace(/^(?:https?(?=[:/]))?:?\/*/i, '')
  if (!/^[^\s/:@.。]+(?:[.。][^\s/:@.。]+)+\.?(?:[:/]|$)|^localhost(?:[:/]|$)/i.test(rest) || /:\/\//.test(rest))
    return invalid
  const { hostname = '' } = URL.canParse(`https://${rest}`) ? new URL(`https://${rest}`) : {}
  if (hostname === '') return invalid
  const corrected = `${isLoopback(hostname) ? 'http' : 'https'}://${rest}`
  const parsed = parseIssuer(corrected, running)
  if ('problem' in parsed) return parsed
  return { problem: { problem: 'issuer_lacks_scheme', corrected: parsed.issuer } }
}

/** The running issuer may have what a new one may not: its operator has decided so before. */
function parseIssuer(text: string, running: string): { readonly issuer: string } | { readonly problem: FieldProblem } {
  const trimmed = text.trim()
  const wrong = (problem: 'required' | 'issuer_invalid' | 'issuer_has_path_or_query' | 'issuer_needs_https') => ({
    problem: { problem },
  })
  if (trimmed === '') return wrong('required')
  const tooLong = lengthProblem(trimmed, LONGEST_ISSUER)
  if (tooLong !== null) return { problem: tooLong }
  if (!/^https?:\/\//i.test(trimmed)) return lackingScheme(trimmed, running)
  if (!URL.canParse(trimmed)) return wrong('issuer_invalid')
  const url = new URL(trimmed)
  if (url.username !== '' || url.password !== '') return wrong('issuer_invalid')
  if (/[?#]/.test(trimmed)) return wrong('issuer_has_path_or_query')
  const parsed = issuerAddress.parse(trimmed)
  if ('problem' in parsed) return wrong('issuer_has_path_or_query')
  const issuer = parsed.value
  if (issuer === running) return { issuer }
  if (new URL(issuer).pathname !== new URL(running).pathname) return wrong('issuer_has_path_or_query')
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) return wrong('issuer_needs_https')
  return { issuer }
}
