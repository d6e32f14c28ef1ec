// From metadata to a client that may be stored: first the software statement, then the rules that can be checked here,
// then what others have to be asked for. A registration and every later change go the same way.

import { changedPicture } from '../../http/outbound/picture.ts'
import type { Client } from '../../model/client/client.ts'
import { isTaggedName, type Metadata } from '../../model/client/metadata.ts'
import { clientFromMetadata } from '../../model/client/registered-client.ts'
import type { NarrowPolicy } from '../../model/client/registration-policy.ts'
import { InvalidClient, settingsOf } from '../../model/client/settings.ts'
import type { ClientLogo } from '../../store/verbs/client-logos.ts'
import type { RegistrationParts } from './parts.ts'
import { metadataRefusal, orRefusal, refusal } from './refusals.ts'
import { openStatement, statementClaims } from './software-statement.ts'

export interface Prepared {
  readonly client: Client
  readonly softwareStatement: string | null
  /** Undefined: the picture stays as it is. */
  readonly logo?: ClientLogo | null
}

interface Former {
  readonly client: Client
  readonly softwareStatement: string | null
}

/** Throws `OAuthError`. */
export async function prepareClient(
  parts: RegistrationParts,
  clientId: string,
  metadata: Metadata,
  narrow: NarrowPolicy,
  former: Former | null,
): Promise<Prepared> {
  const { softwareStatement, signed } = await statementOf(parts, metadata, former)
  const { rules } = parts
  const policy = { ...rules, responseTypes: rules.responseTypes.filter((type) => parts.responseTypes.includes(type)) }
  // RFC 7591 §2.3: values in the statement take precedence.
  const whole = withSigned(metadata, signed)
  const client = orRefusal(() => clientFromMetadata(clientId, whole, [policy, narrow], former?.client ?? null))
  await assertReachable(parts, client)
  return { ...(await withLogo(parts, client, former?.client ?? null)), softwareStatement }
}

/** A signed name is the client's name in every language: otherwise a person would read one that nobody has signed. */
function withSigned(metadata: Metadata, signed: Metadata): Metadata {
  const entries = Object.entries(metadata)
  const said = signed['client_name'] === undefined ? entries : entries.filter(([name]) => !isTaggedName(name))
  return { ...Object.fromEntries(said), ...signed }
}

async function statementOf(
  { rules, keys, clock, addresses }: RegistrationParts,
  metadata: Metadata,
  former: Former | null,
): Promise<{ readonly softwareStatement: string | null; readonly signed: Metadata }> {
  const given = metadata['software_statement'] ?? null
  if (given !== null) {
    const signed = await openStatement(
      { issuers: rules.statementIssuers, keys, audiences: [addresses.issuer, addresses.url.register] },
      given,
      clock.now(),
    )
    return { softwareStatement: signed.text, signed: signed.claims }
  }
  // What was signed holds for every later change as well; otherwise leaving the statement out would undo it.
  const kept = former?.softwareStatement ?? null
  if (kept !== null) return { softwareStatement: kept, signed: statementClaims(kept) }
  if (!rules.statementRequired) return { softwareStatement: null, signed: {} }
  throw refusal('invalid_software_statement', 'software_statement_missing', 'software_statement is required here')
}

/**
 * Settings that name addresses which this server will fetch or call. RFC 7591 §5: a forbidden address is refused before
 * anything is sent.
 */
const FETCHED = ['jwks_uri', 'sector_identifier_uri', 'backchannel_logout_uri', 'request_uris']

async function assertReachable({ outbound, checks }: RegistrationParts, client: Client): Promise<void> {
  const settings = settingsOf(client)
  for (const setting of FETCHED) {
    for (const address of [settings[setting]].flat()) {
      const problem = typeof address === 'string' ? outbound.problemOf(address) : null
      if (problem !== null)
        throw metadataRefusal(new InvalidClient([{ setting, problem: `names a place that ${problem}` }]))
    }
  }
  for (const check of checks) {
    const problem = await check(client, outbound)
    if (problem !== null) throw metadataRefusal(new InvalidClient([problem]))
  }
}

/** A picture that cannot be fetched is no reason to refuse the client: pages show its name alone. */
async function withLogo(
  { outbound }: RegistrationParts,
  client: Client,
  former: Client | null,
): Promise<Pick<Prepared, 'client' | 'logo'>> {
  const { logo, picture } = await changedPicture(outbound, client, former)
  return { client: { ...client, logo }, ...(picture !== undefined && { logo: picture }) }
}
