// The document at a client's `sector_identifier_uri`: it must name every redirect URI, or anybody could join the sector
// of somebody else and see the same subjects. OpenID Connect Registration §5.

import type { OutboundClient } from '../http/outbound/client.ts'
import type { Client } from '../model/client/client.ts'
import type { SettingProblem } from '../model/setting.ts'
import { AdministrationError } from './errors.ts'

const MOST_BYTES = 65_536

/** Asks for the document, when the client names one. Null: it is as it must be. */
export async function sectorProblem(
  outbound: OutboundClient,
  { sector_identifier_uri: url, redirect_uris }: Client,
): Promise<SettingProblem | null> {
  if (url === null) return null
  const wrong = (problem: string) => ({ setting: 'sector_identifier_uri', problem })
  const answer = await outbound.ask({ url, mediaTypes: ['application/json', 'text/plain'], mostBytes: MOST_BYTES })
  if (answer.kind === 'failed') return wrong(`cannot be read: ${answer.reason}`)
  const listed = listIn(answer.body)
  if (listed === null) return wrong('answers with something else than a JSON list of addresses')
  const missing = redirect_uris.find((uri) => !listed.has(uri))
  return missing === undefined ? null : wrong(`does not list the redirect URI ${JSON.stringify(missing.slice(0, 200))}`)
}

/** Throws `sector_identifier`. */
export async function assertInSector(outbound: OutboundClient, client: Client): Promise<void> {
  const found = await sectorProblem(outbound, client)
  if (found === null) return
  throw new AdministrationError(
    'sector_identifier',
    `${found.setting} ${found.problem}`,
    'It must answer with a JSON list that holds all redirect URIs of the client (OpenID Connect Registration §5)',
  )
}

function listIn(body: Uint8Array): ReadonlySet<unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return Array.isArray(value) ? new Set(value) : null
  } catch {
    return null
  }
}
