// One access token and its record: an opaque secret, or a JWT for a resource that verifies by itself (RFC 9068). Both
// are stored by their hash, so that our own endpoints recognise either without verifying anything.

import { tokenKey } from '../../credentials/digest.ts'
import type { Subjects } from '../../credentials/subject.ts'
import type { Authorization, OnBehalfOf } from '../../model/authorization.ts'
import type { CarriedGrant } from '../../model/grant.ts'
import { scopeFor } from '../../model/resource.ts'
import type { Seconds } from '../../model/time.ts'
import { newId } from '../../platform/random.ts'
import { acrOf } from '../../protocol/acr.ts'
import { scopeWords } from '../../protocol/scope.ts'
import type { NewAccessToken } from '../../store/verbs/tokens.ts'
import type { KeyRing } from '../keys/ring.ts'

export interface AccessTokenParts {
  readonly issuer: string
  readonly keys: KeyRing
  readonly subjects: Subjects
  readonly lifetimes: { readonly accessToken: Seconds }
}

interface Origin {
  /** The text of an opaque token. */
  readonly secret: string
  /** The token itself, where a repeated request must get the same one again. */
  readonly kept: string | null
  readonly issuedAt: Seconds
}

export function makeAccessToken(
  parts: AccessTokenParts,
  authorization: Authorization,
  { secret, kept, issuedAt }: Origin,
): { readonly token: string; readonly record: NewAccessToken; readonly isUnique: boolean } {
  const { client, resource, onBehalfOf } = authorization
  // RFC 8707 §2.2: those of the granted scopes that this resource knows.
  const scope =
    resource === null
      ? authorization.scope
      : scopeFor(client.client, resource.resource, scopeWords(authorization.scope)).join(' ')
  const lifetime = resource?.resource.tokenLifetime ?? parts.lifetimes.accessToken
  const expiresAt = Math.min(issuedAt + lifetime, onBehalfOf?.grantExpiresAt ?? Number.POSITIVE_INFINITY)
  const isUnique = resource?.resource.tokenFormat === 'jwt'
  const token = kept ?? (isUnique ? signed(parts, authorization, scope, issuedAt, expiresAt) : secret)
  const record = {
    hash: tokenKey(token),
    grant: onBehalfOf === null ? null : carried(onBehalfOf),
    clientId: client.client.client_id,
    clientGeneration: client.generation,
    scope,
    resource,
    keyThumbprint: authorization.keyThumbprint,
    issuedAt,
    expiresAt,
  }
  return { token, record, isUnique }
}

function carried({ grantId, sessionId, offline, user, claims }: OnBehalfOf): CarriedGrant {
  return {
    grantId,
    userId: user.userId,
    userNumber: user.number,
    userGeneration: user.generation,
    sessionId: offline ? null : sessionId,
    claimsAsked: claims !== null,
  }
}

/**
 * RFC 9068 §2.2. It says nothing about the person except how they signed in (§2.2.1): whoever holds the token can read
 * it.
 */
function signed(
  { issuer, keys, subjects }: AccessTokenParts,
  { client: { client }, resource, keyThumbprint, onBehalfOf }: Authorization,
  scope: string,
  issuedAt: Seconds,
  expiresAt: Seconds,
): string {
  if (resource === null) throw new TypeError('an access token for nothing in particular is opaque')
  const { identifier, typ, signingAlgorithm } = resource.resource
  const acr = onBehalfOf === null ? null : acrOf(onBehalfOf.amr)
  return keys.signer(signingAlgorithm).signJwt(typ, {
    // The first member, so that `tokenKey` finds the instant in it.
    jti: newId('at'),
    iss: issuer,
    aud: identifier,
    // RFC 9068 §2.2: without a person the client is the subject.
    sub: onBehalfOf === null ? client.client_id : subjects.of(onBehalfOf.user.userId, client),
    client_id: client.client_id,
    exp: expiresAt,
    iat: issuedAt,
    ...(scope !== '' && { scope }),
    // RFC 9449 §6.1
    ...(keyThumbprint !== null && { cnf: { jkt: keyThumbprint } }),
    ...(onBehalfOf !== null && {
      auth_time: onBehalfOf.authenticatedAt,
      ...(acr !== null && { acr }),
      amr: onBehalfOf.amr,
    }),
  })
}
