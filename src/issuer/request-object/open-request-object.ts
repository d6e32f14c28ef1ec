// A request object as the client sent it: taken apart, and proven to be the client's own. OpenID Connect Core §6.1,
// §6.3; RFC 9101 §6. Its claims are returned even when it is refused, but only to decide where and how the refusal is
// sent.

import { unsealClientSecret } from '../../credentials/client-secret.ts'
import type { MasterKey } from '../../credentials/master-key.ts'
import type { ClientRecord, RequestObjectAlgorithm } from '../../model/client/client.ts'
import type { Clock } from '../../platform/clock.ts'
import { OAuthError } from '../../protocol/errors.ts'
import { isJwe } from '../../protocol/jwe.ts'
import { ASYMMETRIC_ALGORITHMS, isSameAlgorithm } from '../../protocol/jwk.ts'
import { readJwt, type UnverifiedJwt } from '../../protocol/jwt.ts'
import {
  LONGEST_REQUEST_OBJECT,
  type RequestObjectProblem,
  requestObjectProblem,
} from '../../protocol/request-object.ts'
import type { ClientKeys } from '../keys/client-keys.ts'
import { isSignedByKey, isSignedBySecret } from '../keys/client-signature.ts'
import type { DecryptionKeys } from '../keys/decryption-keys.ts'
import type { ReferencedObjects } from './referenced.ts'

export interface RequestObjectParts {
  readonly issuer: string
  readonly clock: Clock
  readonly master: MasterKey
  readonly keys: ClientKeys
  readonly referenced: ReferencedObjects
  /** Null: request objects may not be encrypted. */
  readonly decryption: DecryptionKeys | null
  /** Whether clients that are registered for it may leave the signature out. */
  readonly unsigned: boolean
}

export interface OpenedRequestObject {
  /** Null: it could not even be read. */
  readonly claims: UnverifiedJwt['claims'] | null
  /** Null: it is the client's own, and in order. */
  readonly problem: OAuthError | null
}

/** For the metadata. OpenID Discovery §3. */
export function requestObjectAlgorithms(unsigned: boolean): readonly RequestObjectAlgorithm[] {
  return [...ASYMMETRIC_ALGORITHMS, 'HS256', ...(unsigned ? (['none'] as const) : [])]
}

export async function openRequestObject(
  parts: RequestObjectParts,
  record: ClientRecord,
  text: string,
): Promise<OpenedRequestObject> {
  if (isJwe(text)) return openEncrypted(parts, record, text)
  return openSigned(parts, record, text)
}

/** RFC 9101 §6.1: an encrypted request object is signed too, or registered as unsigned. */
async function openEncrypted(parts: RequestObjectParts, record: ClientRecord, text: string) {
  const unread = (problem: string) => ({
    claims: null,
    problem: refused({ rule: 'request_object_encryption', problem }),
  })
  if (text.length > LONGEST_REQUEST_OBJECT) return unread(`is longer than ${LONGEST_REQUEST_OBJECT} characters`)
  if (parts.decryption === null) return unread('is encrypted, which this server does not take')
  const opened = await parts.decryption.decrypt(record, text)
  return 'problem' in opened ? unread(opened.problem) : openSigned(parts, record, opened.plain)
}

async function openSigned(parts: RequestObjectParts, record: ClientRecord, text: string): Promise<OpenedRequestObject> {
  const jwt = readJwt(text, LONGEST_REQUEST_OBJECT, { unsigned: true })
  if ('problem' in jwt) return { claims: null, problem: refused({ rule: 'request_object_malformed', ...jwt }) }
  const facts = { clientId: record.client.client_id, issuer: parts.issuer, now: parts.clock.now() }
  if (isUnexpectedlyUnsigned(parts, record, jwt)) return { claims: jwt.claims, problem: unsignedHere() }
  const problem = requestObjectProblem(jwt, facts) ?? (await signatureProblem(parts, record, jwt))
  return { claims: jwt.claims, problem: problem === null ? null : refused(problem) }
}

/** Where other clients may leave the signature out, this client is told that it is not registered for that. */
function isUnexpectedlyUnsigned({ unsigned }: RequestObjectParts, { client }: ClientRecord, { header }: UnverifiedJwt) {
  return unsigned && header['alg'] === 'none' && client.request_object_signing_alg !== 'none'
}

/** OpenID Connect Core §3.1.2.6. */
function unsignedHere(): OAuthError {
  return new OAuthError({
    error: 'request_not_supported',
    description: 'This client is not registered for request objects without a signature',
    rule: 'request_object_algorithm',
    clause: 'OpenID Connect Registration §2',
    reason: 'the request object is unsigned, and request_object_signing_alg is not none',
  })
}

/** The registration decides which algorithm is right, the header only agrees. RFC 8725 §3.1. */
async function signatureProblem(
  { master, keys, unsigned }: RequestObjectParts,
  record: ClientRecord,
  { text, header }: UnverifiedJwt,
): Promise<RequestObjectProblem | null> {
  const { client, sealedSecret } = record
  const algorithm = allowedTo(record, unsigned).find((each) => each === header['alg'])
  if (algorithm === undefined) {
    return { rule: 'request_object_algorithm', problem: 'is signed in another way than this client may' }
  }
  const foreign = { rule: 'request_object_signature', problem: 'is not signed by the client' }
  if (algorithm === 'none') return text.endsWith('.') ? null : foreign
  if (algorithm === 'HS256') {
    const isOwn =
      sealedSecret !== null && isSignedBySecret(text, unsealClientSecret(master, client.client_id, sealedSecret))
    return isOwn ? null : foreign
  }
  // RFC 8725 §3.10: a header may say much about keys; we look only at the name of a key that we know already.
  const key = await keys.find(client, algorithm, typeof header['kid'] === 'string' ? header['kid'] : null)
  if ('rule' in key) return { rule: 'request_object_key', problem: `cannot be verified: ${key.reason}` }
  return isSignedByKey(text, algorithm, key) ? null : foreign
}

/**
 * OpenID Connect Registration §2, request_object_signing_alg; unsigned ones only where both the operator and the
 * client's registration allow it.
 */
function allowedTo({ client, sealedSecret }: ClientRecord, unsigned: boolean): readonly RequestObjectAlgorithm[] {
  const registered = client.request_object_signing_alg
  if (registered === 'none') return unsigned ? ['none'] : []
  const algorithms = [...ASYMMETRIC_ALGORITHMS, ...(sealedSecret === null ? [] : (['HS256'] as const))]
  return registered === null ? algorithms : algorithms.filter((each) => isSameAlgorithm(each, registered))
}

/** The same for a request object that the client keeps at `address`. OpenID Connect Core §6.2. */
export async function openReferencedObject(
  parts: RequestObjectParts,
  record: ClientRecord,
  address: string,
): Promise<OpenedRequestObject> {
  const text = await parts.referenced.read(record.client, address)
  if (typeof text === 'string') return openRequestObject(parts, record, text)
  const problem = new OAuthError({
    error: 'invalid_request_uri',
    description: `The request_uri ${text.problem}`,
    rule: text.rule,
    clause: 'OpenID Connect Core §6.2',
  })
  return { claims: null, problem }
}

function refused({ rule, problem }: RequestObjectProblem): OAuthError {
  return new OAuthError({
    error: 'invalid_request_object',
    description: `The request object ${problem}`,
    rule,
    clause: 'RFC 9101 §6',
  })
}
