// Plays the client's part on the stage, request by request. It follows no redirect out of the stage and judges nothing.

import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { stopwatch } from '../../platform/clock.ts'
import type { Addresses } from '../../protocol/addresses.ts'
import type { Pairs, Script } from './script.ts'
import type { RehearsalStage } from './stage.ts'
import { bodyOf, encodePairs, header, jsonMembers, type Members, requestTo, type Sent } from './wire.ts'

export interface Scene {
  readonly request: HttpRequest
  readonly reply: HttpReply
  /** Milliseconds of the slowest answer in it. */
  readonly elapsed: number
}

/** Where the browser was sent in the end. */
export type Ending =
  | { readonly kind: 'callback'; readonly answer: ReadonlyMap<string, Parameter> }
  /** To another address than the callback, which is none of our pages. */
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'sign_in_page' }
  /** A page at the very URL that was asked for. */
  | { readonly kind: 'page' }

export interface Parameter {
  /** The value exactly as it was sent. */
  readonly raw: string
  /** Decoded once; null when it cannot be. */
  readonly value: string | null
}

export interface AuthorizeScene extends Scene {
  readonly ending: Ending
  readonly consent: 'shown' | 'none'
}

export interface TokenScene extends Scene {
  readonly members: Members | null
}

export interface Performance {
  readonly authorize: AuthorizeScene
  readonly token: TokenScene | null
  readonly userinfo: TokenScene | null
  /** The published key set, as a client would fetch it. */
  readonly jwks: Members | null
  /** Secrets that were sent, to be masked wherever they are shown. */
  readonly secrets: readonly string[]
}

export async function play(
  addresses: Addresses,
  script: Script,
  clientId: string,
  stage: RehearsalStage,
): Promise<Performance> {
  const send = async (sent: Sent): Promise<Scene> => {
    const request = requestTo(addresses, sent)
    const elapsed = stopwatch()
    const reply = await stage.handle(request)
    return { request, reply, elapsed: elapsed() }
  }
  const authorize = await playAuthorize(addresses, script, stage, send)
  const code = textOf(authorize.ending.kind === 'callback' ? authorize.ending.answer.get('code')?.value : null)
  const secrets = [...stage.cookieSecrets, code, script.verifier, stage.clientSecret].filter(
    (secret) => secret !== null,
  )
  if (code === null) return { authorize, token: null, userinfo: null, jwks: null, secrets }

  const { form, headers } = tokenRequest(script, clientId, stage.clientSecret, code)
  const basic = headers['authorization']?.slice('Basic '.length)
  if (basic !== undefined) secrets.push(basic)
  const tokenScene = await send({ method: 'POST', path: addresses.path.token, headers, form })
  const token = { ...tokenScene, members: jsonMembers(tokenScene.reply) }
  const accessToken = textOf(token.members?.['access_token'])
  for (const name of ['access_token', 'refresh_token', 'id_token']) {
    const value = textOf(token.members?.[name])
    if (value !== null) secrets.push(value)
  }
  const jwksScene = await send({ method: 'GET', path: addresses.path.jwks })
  const jwks = jsonMembers(jwksScene.reply)
  if (accessToken === null || !script.asksUserinfo) return { authorize, token, userinfo: null, jwks, secrets }

  const userinfoScene = await send(userinfoRequest(addresses, script, accessToken))
  const userinfo = { ...userinfoScene, members: jsonMembers(userinfoScene.reply) }
  return { authorize, token, userinfo, jwks, secrets }
}

type Send = (sent: Sent) => Promise<Scene>

async function playAuthorize(
  addresses: Addresses,
  script: Script,
  stage: RehearsalStage,
  send: Send,
): Promise<AuthorizeScene> {
  const headers = { accept: 'text/html', cookie: stage.cookie }
  const first = await send({
    method: 'GET',
    path: addresses.path.authorize,
    query: encodePairs(script.authorize),
    headers,
  })
  const location = header(first.reply, 'location')
  if (!location.startsWith(`${addresses.at('consent')}/`)) {
    return { ...first, consent: 'none', ending: endingOf(addresses, script, first.reply) }
  }
  const page = await send({ method: 'GET', path: location, headers })
  // The button "allow" of the page that was just shown, pressed in the same browser.
  const pressed = await send({
    method: 'POST',
    path: location,
    headers: { ...headers, origin: addresses.origin, 'sec-fetch-site': 'same-origin' },
    form: [...hiddenFields(bodyOf(page.reply)), ['decision', 'allow']],
  })
  return {
    request: first.request,
    reply: pressed.reply,
    elapsed: Math.max(first.elapsed, page.elapsed, pressed.elapsed),
    consent: 'shown',
    ending: endingOf(addresses, script, pressed.reply),
  }
}

/** What the form around the button carries: proofs of ours, in letters that HTML leaves as they are. */
function hiddenFields(page: string): readonly (readonly [string, string])[] {
  const form = page.split('<form').find((part) => part.includes('id="consent-allow"')) ?? ''
  return [...form.matchAll(/<input type="hidden" name="([a-z]+)" value="([A-Za-z0-9_-]*)"/g)].map(
    ([, name = '', value = '']) => [name, value],
  )
}

function endingOf(addresses: Addresses, { redirectUri }: Script, reply: HttpReply): Ending {
  const location = header(reply, 'location')
  if (location === '') return { kind: 'page' }
  if (location.startsWith(`${addresses.at('sign-in')}/`)) return { kind: 'sign_in_page' }
  const joint = redirectUri.includes('?') ? '&' : '?'
  if (!location.startsWith(`${redirectUri}${joint}`)) return { kind: 'elsewhere' }
  return { kind: 'callback', answer: parametersOf(location.slice(redirectUri.length + 1)) }
}

function parametersOf(query: string): ReadonlyMap<string, Parameter> {
  const parameters = new Map<string, Parameter>()
  for (const pair of query.split('&')) {
    const [name = '', ...rest] = pair.split('=')
    const raw = rest.join('=')
    parameters.set(name, { raw, value: decoded(raw) })
  }
  return parameters
}

function decoded(raw: string): string | null {
  try {
    return decodeURIComponent(raw)
  } catch {
    return null
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

/** RFC 6749 §4.1.3; 制作云 sends three parameters and the Basic header in lower case. */
function tokenRequest(script: Script, clientId: string, secret: string | null, code: string) {
  const form: Pairs = [
    ['grant_type', 'authorization_code'],
    ['code', code],
    ['redirect_uri', script.redirectUri],
    ...(script.verifier === null ? [] : [['code_verifier', script.verifier] as const]),
  ]
  const headers: Record<string, string> = {}
  switch (script.credentials) {
    case 'basic':
      headers['authorization'] = `Basic ${Buffer.from(`${clientId}:${secret ?? ''}`).toString('base64')}`
      return { form, headers }
    case 'post':
      return { form: [...form, ['client_id', clientId] as const, ['client_secret', secret ?? ''] as const], headers }
    case 'none':
      return { form: [...form, ['client_id', clientId] as const], headers }
  }
}

function userinfoRequest({ path }: Addresses, { bearer }: Script, token: string): Sent {
  switch (bearer) {
    case 'header':
      return { method: 'GET', path: path.userinfo, headers: { authorization: `Bearer ${token}` } }
    case 'form':
      return { method: 'POST', path: path.userinfo, form: [['access_token', token]] }
    case 'query':
      return { method: 'GET', path: path.userinfo, query: encodePairs([['access_token', token]]) }
  }
}
