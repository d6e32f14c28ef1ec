// What a client ID metadata document says, as far as it may say it. draft-ietf-oauth-client-id-metadata-document §4.

import type { Client } from './client.ts'
import type { Metadata } from './metadata.ts'

/** The name that `client show` gives as its preset. */
const DOCUMENT = 'document'

export function asDocumentClient(client: Client): Client {
  return { ...client, preset: DOCUMENT }
}

/**
 * Whether the client is known by the address of its document, so that everything it says of itself may change there.
 */
export function isDocumentClient({ preset }: Pick<Client, 'preset'>): boolean {
  return preset === DOCUMENT
}

const SECRETS = ['client_secret', 'client_secret_expires_at']
/** No picture is fetched for a stranger's request, and a software statement belongs to a registration. */
const LEFT_OUT = new Set(['logo_uri', 'software_statement', 'client_id'])

/** The metadata in the document; or what is wrong with it, as the end of a sentence. */
export function metadataInDocument(clientId: string, body: Uint8Array): Metadata | string {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return 'is no JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is no JSON object'
  const said: Metadata = { ...value }
  // §4.1: compared character by character.
  if (said['client_id'] !== clientId) return 'names another client_id than its own address'
  if (SECRETS.some((name) => name in said)) return 'holds a secret, which everybody could read'
  const method = said['token_endpoint_auth_method'] ?? 'none'
  // §4.1: everything in the document is public, so it cannot share a secret with us.
  if (method !== 'none' && method !== 'private_key_jwt') return 'must have none or private_key_jwt to authenticate with'
  const kept = Object.entries(said).filter(([name]) => !LEFT_OUT.has(name))
  return { ...Object.fromEntries(kept), token_endpoint_auth_method: method }
}
