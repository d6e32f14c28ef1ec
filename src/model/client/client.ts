// A client: an application that asks this server for tokens. Names that RFC 7591 or OpenID Registration define are
// kept as they are on the wire; only peculiarities of real clients have names of ours.

import { type ContentAlgorithm, type KeyAlgorithm, takesSecret } from '../../protocol/jwe.ts'
import type { AsymmetricAlgorithm, PublicJwks } from '../../protocol/jwk.ts'
import type { ResponseType } from '../../protocol/response-type.ts'
import type { Seconds } from '../time.ts'
import type { SubjectType } from './sector.ts'

export type ClientAuthenticationMethod =
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'client_secret_jwt'
  | 'private_key_jwt'
  | 'none'
/** How a client may sign what it authenticates with. RFC 7518 §3.2: HS256 takes a secret of 32 bytes, as ours have. */
export type AssertionAlgorithm = 'HS256' | AsymmetricAlgorithm
/** How what a client receives may be signed: with a key of ours, with its own secret, or not at all. */
export type ResponseAlgorithm = SigningAlgorithm | 'HS256' | 'none'
/** How a client may sign its request objects. */
export type RequestObjectAlgorithm = AssertionAlgorithm | 'none'
/** RFC 8628 §3.4 */
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
export type GrantTypeName =
  | 'authorization_code'
  | 'implicit'
  | 'refresh_token'
  | 'client_credentials'
  | typeof DEVICE_CODE
/** How we sign what a client verifies with our published keys. */
export type SigningAlgorithm = AsymmetricAlgorithm

/** Where a claim's value comes from and how it is written. See `model/claim-rule.ts`. */
export interface ClaimRule {
  /** Names of user fields; the first that has a value counts. Empty when `constant` is set. */
  readonly from: readonly string[]
  readonly type: 'string' | 'number' | 'boolean' | 'json'
  readonly constant?: string | number | boolean
}

/** Per-client settings beyond RFC 7591. Each is a plain value with a strict default; presets only fill them in. */
export interface ClientSettings {
  /** `ask` shows the consent page; `implied` needs the operator's declaration when it is set, recorded as an event. */
  readonly consent: 'ask' | 'implied'
  /** Only the registered one of the two secret methods is accepted. */
  readonly strictAuthMethod: boolean
  /**
   * To whom an assertion may be addressed: to the issuer or any endpoint that takes assertions, or to the issuer alone.
   */
  readonly assertionAudience: 'any' | 'issuer'
  /** Basic and body credentials at once are accepted when they are identical (JumpServer does that). */
  readonly bothWhenIdentical: boolean
  /** Where authorization errors are shown: sent to the redirect URI, or on a page of ours. */
  readonly errorDisplay: 'redirect' | 'local'
  /** Origins that may show our pages in a frame. */
  readonly frameAncestors: readonly string[]
  readonly authorize: {
    readonly defaultResponseType: 'none' | 'code'
    /** `unprotected`: an operator's exception for a public client that cannot do PKCE. RFC 9700 §2.1.1 */
    readonly pkce: 'required' | 'optional' | 'off' | 'unprotected'
    /** Send `iss` in authorization responses (RFC 9207). */
    readonly iss: boolean
    readonly unknownScopes: 'ignore' | 'refuse'
    readonly scopeSeparators: 'space' | 'space-or-comma'
  }
  readonly token: {
    readonly paramSources: readonly ('form' | 'json' | 'query')[]
    readonly requireRedirectUri: boolean
  }
  readonly userinfo: {
    /** Where the client may send the access token. `form`: RFC 6750 §2.2; `query`: RFC 6750 §2.3. */
    readonly tokenFrom: readonly ('header' | 'form' | 'query')[]
  }
  readonly reply: {
    readonly expiresIn: 'number' | 'string'
    readonly idToken: 'auto' | 'never'
    readonly refreshToken: 'offline_access' | 'always' | 'never'
  }
  readonly idToken: {
    /** `minimal`: only `sub` and the protocol's members, because user info has the rest (OpenID Connect Core §5.4). */
    readonly claims: 'minimal' | 'all'
  }
  /** Output name (a dotted path nests) → rule. They are added to what the scopes give, and win over it. */
  readonly claims: Readonly<Record<string, ClaimRule>>
  /** The claim map alone decides, whatever the scope (the 制作云 contract). */
  readonly claimsFrom: 'scope-and-map' | 'map'
  readonly phone: {
    readonly format: 'e164' | 'cn-national' | 'cn-dashed'
    readonly nonMainland: 'e164' | 'omit'
    readonly unverified: 'send-false' | 'omit'
  }
  /** Identifiers of the resources it may ask for (RFC 8707). */
  readonly resources: readonly string[]
  /** Identifiers of the resources whose server it is: it may introspect access tokens that are meant for them. */
  readonly servesResources: readonly string[]
  /** Whose access tokens it may introspect: its own; or, for a resource server, those of all clients. */
  readonly introspection: 'own' | 'all'
  /** How a claim without a value is written. */
  readonly empty: 'omit' | 'null' | ''
}

export interface Client extends ClientSettings {
  readonly client_id: string
  readonly client_name: string
  /** The preset it was made from. */
  readonly preset: string
  readonly redirect_uris: readonly string[]
  readonly post_logout_redirect_uris: readonly string[]
  /** Where to tell it that a session has ended. OpenID Connect Back-Channel Logout §2.2. */
  readonly backchannel_logout_uri: string | null
  readonly backchannel_logout_session_required: boolean
  /** What a browser loads in a frame when a session has ended. OpenID Connect Front-Channel Logout §2. */
  readonly frontchannel_logout_uri: string | null
  readonly frontchannel_logout_session_required: boolean
  readonly token_endpoint_auth_method: ClientAuthenticationMethod
  /** Null: any algorithm that its method and its keys allow (OpenID Connect Registration §2). */
  readonly token_endpoint_auth_signing_alg: AssertionAlgorithm | null
  /** Its public keys: here, or at an address of its own, but not both. RFC 7591 §2. */
  readonly jwks: PublicJwks | null
  readonly jwks_uri: string | null
  readonly grant_types: readonly GrantTypeName[]
  readonly response_types: readonly ResponseType[]
  readonly application_type: 'web' | 'native'
  /** Scopes it may have, space separated. */
  readonly scope: string
  /** The identifier by which it knows a person: the user id, or one for its own sector. OpenID Connect Core §8. */
  readonly subject_type: SubjectType
  /** The host of this address is its sector; null: the one host of its redirect URIs. */
  readonly sector_identifier_uri: string | null
  readonly id_token_signed_response_alg: ResponseAlgorithm
  /** Null: not encrypted. `enc` null: the default of OpenID Connect Registration §2. */
  readonly id_token_encrypted_response_alg: KeyAlgorithm | null
  readonly id_token_encrypted_response_enc: ContentAlgorithm | null
  /** Null: plain JSON, unless it is encrypted. */
  readonly userinfo_signed_response_alg: Exclude<ResponseAlgorithm, 'none'> | null
  readonly userinfo_encrypted_response_alg: KeyAlgorithm | null
  readonly userinfo_encrypted_response_enc: ContentAlgorithm | null
  /** For introspection answers that it asks for as JWTs (RFC 9701 §6). */
  readonly introspection_signed_response_alg: SigningAlgorithm
  readonly introspection_encrypted_response_alg: KeyAlgorithm | null
  readonly introspection_encrypted_response_enc: ContentAlgorithm | null
  /** Null: any signature that its keys or its secret allow. */
  readonly request_object_signing_alg: RequestObjectAlgorithm | null
  /** How it may encrypt its request objects; null: in any way that the server takes. */
  readonly request_object_encryption_alg: KeyAlgorithm | null
  readonly request_object_encryption_enc: ContentAlgorithm | null
  /** RFC 9101 §10.5: parameters that stand outside a signed request object do not count. */
  readonly require_signed_request_object: boolean
  /** RFC 9126 §6: a request that a browser brings by itself is refused. */
  readonly require_pushed_authorization_requests: boolean
  /** RFC 9449 §5.2: a request for tokens without a proof of its key is refused. */
  readonly dpop_bound_access_tokens: boolean
  /** Where it keeps request objects; no other address is asked. OpenID Connect Core §6.2. */
  readonly request_uris: readonly string[]
  readonly client_uri: string | null
  readonly policy_uri: string | null
  readonly tos_uri: string | null
  readonly logo_uri: string | null
  readonly contacts: readonly string[]
  readonly software_id: string | null
  readonly software_version: string | null
  /** What its requests mean where they say nothing. OpenID Connect Registration §2. */
  readonly default_max_age: Seconds | null
  readonly require_auth_time: boolean
  readonly default_acr_values: readonly string[]
  readonly initiate_login_uri: string | null
  /** By language tag (BCP 47), as it was written. */
  readonly names: Readonly<Record<string, string>>
  /** `DIGEST/FILE` below the path of our client pictures. */
  readonly logo: string | null
  /** False: nobody here knows who runs it, it has only registered itself. */
  readonly verified: boolean
  /** Shown on the consent page: who receives the data, how to reach them, what for (PIPL art. 23). */
  readonly recipient: string | null
  readonly contact: string | null
  readonly purpose: string | null
}

/** A client as the store keeps it: the settings, and the state the guards compare. */
export interface ClientRecord {
  readonly client: Client
  /** Grows with every change; whoever caches a parsed client compares it. */
  readonly version: number
  /** Grows when everything issued so far must die (disable); grants and tokens carry the one they were born under. */
  readonly generation: number
  readonly enabled: boolean
  readonly secretHash: Uint8Array | null
  /** The secret itself, sealed, for a method that needs it; null for all others. */
  readonly sealedSecret: Uint8Array | null
  readonly createdAt: Seconds
  readonly updatedAt: Seconds
}

export function isConfidential(client: Client): boolean {
  return client.token_endpoint_auth_method !== 'none'
}

/** Whether it has a secret at all; one that signs with a key of its own has none. */
export function hasSecret({ token_endpoint_auth_method: method }: Client): boolean {
  return method === 'client_secret_basic' || method === 'client_secret_post' || method === 'client_secret_jwt'
}

/** A digest does not do: the secret is a key that something is signed or encrypted with. */
export function needsSecretItself(client: Client): boolean {
  return (
    client.token_endpoint_auth_method === 'client_secret_jwt' ||
    client.request_object_signing_alg === 'HS256' ||
    client.id_token_signed_response_alg === 'HS256' ||
    client.userinfo_signed_response_alg === 'HS256' ||
    takesSecret(client.id_token_encrypted_response_alg) ||
    takesSecret(client.userinfo_encrypted_response_alg) ||
    takesSecret(client.introspection_encrypted_response_alg) ||
    takesSecret(client.request_object_encryption_alg)
  )
}

const NOWHERE: readonly string[] = []

/** Origins whose scripts may read replies to this client: public clients alone run in browsers. */
export function scriptOrigins(client: Client): readonly string[] {
  return isConfidential(client) ? NOWHERE : client.redirect_uris.map((uri) => new URL(uri).origin)
}

/** Anybody can ask in the name of a public client, and of one that registered itself. */
export function isStranger({ token_endpoint_auth_method: method, verified }: Client): boolean {
  return method === 'none' || !verified
}
