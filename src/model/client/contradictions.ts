// Settings of a client that are right one by one and wrong together: each refused, with what to change.

import { ASYMMETRIC_ALGORITHMS, keysFor } from '../../protocol/jwk.ts'
import { redirectUriProblem } from '../../protocol/redirect-uri.ts'
import { gives, grantTypesOf } from '../../protocol/response-type.ts'
import { type SettingProblem, shown } from '../setting.ts'
import { type Client, DEVICE_CODE } from './client.ts'
import { joseProblems } from './jose.ts'
import { sectorOf } from './sector.ts'

export function contradictionsOf(client: Client, consentDeclared: boolean): readonly SettingProblem[] {
  const problems: SettingProblem[] = []
  const refuse = (setting: string, problem: string) => problems.push({ setting, problem })
  const isPublic = client.token_endpoint_auth_method === 'none'
  const has = (grant: Client['grant_types'][number]) => client.grant_types.includes(grant)
  if (client.client_name === null) refuse('client_name', 'is required')
  if (client.grant_types.length === 0) refuse('grant_types', 'must name at least one grant')
  const needed = new Set(client.response_types.flatMap(grantTypesOf))
  for (const grant of ['authorization_code', 'implicit'] as const) {
    if (has(grant) && client.redirect_uris.length === 0) {
      refuse('redirect_uris', `needs at least one address for the grant ${grant}`)
    }
    if (has(grant) === needed.has(grant)) continue
    const flow = grant === 'implicit' ? 'tokens from the authorization endpoint (implicit)' : 'the code flow'
    refuse('response_types', `and grant_types must both have ${flow}, or neither (RFC 7591 §2.1)`)
  }
  // OpenID Connect Registration §2: plain http would carry the tokens themselves.
  const plain = client.redirect_uris.find((uri) => uri.startsWith('http:'))
  if (has('implicit') && client.application_type === 'web' && plain !== undefined) {
    refuse('redirect_uris', `holds ${shown(plain)}; a web client that has implicit must use https`)
  }
  if (client.reply.idToken === 'never' && client.response_types.some((type) => gives(type, 'id_token'))) {
    refuse('reply.idToken', 'is never, but response_types promises an ID token')
  }
  if (has('refresh_token') && !has('authorization_code') && !has(DEVICE_CODE)) {
    refuse('grant_types', 'has refresh_token, but nothing that gives a refresh token')
  }
  if (isPublic && has('client_credentials')) {
    refuse('grant_types', 'must not have client_credentials: a public client cannot prove itself')
  }
  if (isPublic && client.authorize.pkce !== 'required' && client.authorize.pkce !== 'unprotected') {
    refuse('authorize.pkce', 'must be required for a public client')
  }
  if (client.dpop_bound_access_tokens && client.response_types.some((type) => gives(type, 'token'))) {
    // RFC 9449 §5.2: nothing is proven at the authorization endpoint.
    refuse('dpop_bound_access_tokens', 'contradicts response_types, which promises a token without a proof')
  }
  if (client.dpop_bound_access_tokens && !client.userinfo.tokenFrom.includes('header')) {
    refuse('userinfo.tokenFrom', 'must have header: bound tokens stand in no other place (RFC 9449 §7.1)')
  }
  if (isPublic && client.introspection === 'all') refuse('introspection', 'must be own for a public client')
  if (client.reply.refreshToken === 'always' && !has('refresh_token')) {
    refuse('reply.refreshToken', 'is always, but grant_types lacks refresh_token')
  }
  if (client.strictAuthMethod && client.bothWhenIdentical) {
    refuse('bothWhenIdentical', 'contradicts strictAuthMethod')
  }
  problems.push(...keyProblems(client), ...joseProblems(client))
  // OpenID Connect Core §8.1: without one host there is no sector to compute the subject for.
  if (client.subject_type === 'pairwise' && sectorOf(client) === null) {
    refuse('sector_identifier_uri', 'is required: the redirect URIs of this pairwise client name no one host')
  }
  if (client.token.paramSources.length === 0) refuse('token.paramSources', 'must name at least one place')
  if (client.userinfo.tokenFrom.length === 0) refuse('userinfo.tokenFrom', 'must name at least one place')
  if (client.consent === 'implied' && !consentDeclared) {
    refuse(
      'consent',
      'can be implied only with the declaration that people have consented otherwise (--consent-declared)',
    )
  }
  const framed = client.frontchannel_logout_uri === null ? null : new URL(client.frontchannel_logout_uri)
  // OpenID Connect Front-Channel Logout §2: scheme, host and port are those of a redirect URI.
  if (framed !== null && !client.redirect_uris.some((uri) => new URL(uri).origin === framed.origin)) {
    refuse('frontchannel_logout_uri', 'must have the scheme, host and port of one of redirect_uris')
  }
  if (framed !== null && framed.hash !== '') refuse('frontchannel_logout_uri', 'must not hold a fragment')
  for (const setting of ['redirect_uris', 'post_logout_redirect_uris'] as const) {
    for (const uri of client[setting]) {
      const problem = redirectUriProblem(uri, client.application_type)
      if (problem !== null) refuse(setting, `holds ${shown(uri)}, which ${problem}`)
    }
  }
  return problems
}

function keyProblems({
  token_endpoint_auth_method: method,
  token_endpoint_auth_signing_alg: algorithm,
  jwks,
  jwks_uri,
}: Client): readonly SettingProblem[] {
  // RFC 7591 §2: the two must not both be there.
  if (jwks !== null && jwks_uri !== null) return [{ setting: 'jwks', problem: 'and jwks_uri must not both be set' }]
  const wrong = (problem: string) => [{ setting: 'token_endpoint_auth_signing_alg', problem }]
  switch (method) {
    case 'client_secret_jwt':
      return algorithm === null || algorithm === 'HS256' ? [] : wrong('must be HS256 for client_secret_jwt')
    case 'private_key_jwt': {
      if (algorithm === 'HS256') return wrong('must not be HS256 for private_key_jwt: nobody else may know its key')
      if (jwks_uri !== null) return []
      if (jwks === null) return [{ setting: 'jwks', problem: 'or jwks_uri is required for private_key_jwt' }]
      const algorithms = algorithm === null ? ASYMMETRIC_ALGORITHMS : [algorithm]
      if (algorithms.some((each) => keysFor(jwks.keys, each, null).length > 0)) return []
      return [{ setting: 'jwks', problem: `holds no key that can verify ${algorithms.join(' or ')}` }]
    }
    default:
      return algorithm === null ? [] : wrong(`means nothing for ${method}`)
  }
}
