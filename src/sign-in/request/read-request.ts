// Parameters of a trusted client, read with all that the server knows: its keys, its APIs, its response types.

import type { ClientRecord } from '../../model/client/client.ts'
import type { AuthorizationRequest } from '../../model/interaction.ts'
import { invalidRequest } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import type { SignInParts } from '../parts.ts'
import { parseAuthorizationRequest, type TrustedClient } from './authorization-request.ts'
import { targetsAsked } from './resource-parameter.ts'

/** Throws `OAuthError`, which the client may be told. */
export async function readRequest(
  parts: SignInParts,
  parameters: Parameters,
  trusted: TrustedClient,
): Promise<AuthorizationRequest> {
  const { record } = trusted
  return parseAuthorizationRequest(parameters, trusted, {
    targets: await targetsAsked(parts, parameters, record.client),
    hintedSubject: (hint) => hintedSubject(parts, record, hint),
    responseTypes: parts.responseTypes,
    assertSigns: parts.assertSigns,
  })
}

function hintedSubject(parts: SignInParts, record: ClientRecord, idTokenHint: string): string {
  const { client } = record
  const recognised = parts.recogniseIdToken(idTokenHint, record)
  // What another client calls a person says nothing about a pairwise subject.
  const isOwn = client.subject_type === 'public' || recognised?.clientId === client.client_id
  if (recognised !== null && isOwn) return recognised.subject
  throw invalidRequest(
    'id_token_hint_foreign',
    'OpenID Connect Core §3.1.2.1',
    'id_token_hint was not issued by this server, or not to this client',
  )
}
