// What `claims` and `acr_values` ask for, as far as this client may have it: the single claims that are stored with the
// grant, and whom the answer must be about. OpenID Connect Core §5.5, §3.1.2.1.

import { isGivable } from '../../claims/user-claims.ts'
import type { Client } from '../../model/client/client.ts'
import type { AuthorizationRequest } from '../../model/interaction.ts'
import { assertMeetable } from '../../protocol/acr.ts'
import {
  type ClaimsRequest,
  type ClaimWish,
  isWanted,
  parseClaimsRequest,
  wishFor,
} from '../../protocol/claims-request.ts'
import { invalidRequest } from '../../protocol/errors.ts'
import type { Parameters } from '../../protocol/parameters.ts'
import type { ResponseType } from '../../protocol/response-type.ts'

const NOTHING: ClaimsRequest = { userinfo: [], id_token: [] }

/** Throws `invalid_request`, or the error for an essential `acr` that cannot be met. */
export function claimsAsked(
  parameters: Parameters,
  client: Client,
  scope: readonly string[],
  type: ResponseType,
): Pick<AuthorizationRequest, 'claims' | 'subjects'> {
  const text = parameters.get('claims')
  const asked = text === undefined ? NOTHING : parseClaimsRequest(text)
  // `claims` is a parameter of OpenID Connect: without the scope openid there is neither an ID token nor user info.
  if (!scope.includes('openid')) return {}
  const acr = wishFor(asked.id_token, 'acr') ?? acrValues(parameters, client)
  assertMeetable(acr)
  const claims: ClaimsRequest = {
    // OpenID Connect Core §5.5: only for response types that give an access token.
    userinfo: type === 'id_token' ? [] : asked.userinfo.filter(({ name }) => isGivable(client, name)),
    id_token: [...asked.id_token.filter(({ name }) => isGivable(client, name)), ...(acr === undefined ? [] : [acr])],
  }
  const subjects = subjectsOf(asked)
  return {
    ...(claims.userinfo.length + claims.id_token.length > 0 && { claims }),
    ...(subjects !== undefined && { subjects }),
  }
}

/** OpenID Connect Core §3.1.2.1: acr_values asks for the claim `acr`, as a wish. */
function acrValues(parameters: Parameters, client: Client): ClaimWish | undefined {
  // OpenID Connect Registration §2: acr_values in the request go before the registered ones.
  const asked = parameters.get('acr_values')?.split(' ') ?? client.default_acr_values
  const values = asked.filter((value) => value !== '')
  return values.length === 0 ? undefined : { name: 'acr' }
}

/** OpenID Connect Core §5.5.1: a value for `sub` says whom the request is about. */
function subjectsOf(asked: ClaimsRequest): readonly string[] | undefined {
  const wishes = [...asked.id_token, ...asked.userinfo].filter(({ name, values }) => name === 'sub' && values)
  const [first] = wishes
  if (first?.values === undefined) return undefined
  const named = first.values.filter((value) => typeof value === 'string')
  return named.filter((value) => wishes.every((wish) => isWanted(wish, value)))
}

/** Hint and claims both say whom the request is about, but not the same person: nobody could answer that. */
export function assertOnePerson({
  hintedSubject,
  subjects,
}: Pick<AuthorizationRequest, 'hintedSubject' | 'subjects'>): void {
  const nobody =
    subjects !== undefined && (hintedSubject === undefined ? subjects.length === 0 : !subjects.includes(hintedSubject))
  if (!nobody) return
  throw invalidRequest(
    'claims_sub_contradicts',
    'OpenID Connect Core §5.5.1',
    'The request names two persons, or nobody',
  )
}
