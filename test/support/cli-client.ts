// A client application beside a server that runs as a process of its own: signs people in, redeems, refreshes.

import { ask, basic, type Fields, form, query, type Reply, walk } from './relying-party.ts'
import { CALLBACK } from './server.ts'
import { Visitor } from './visitor.ts'

export interface OutsideClientSettings {
  /** Where the server listens. */
  readonly at: string
  readonly clientId: string
  readonly secret: string
  readonly username: string
  readonly scope?: string
}

export class OutsideClient {
  readonly settings: OutsideClientSettings
  readonly visitor: Visitor

  constructor(settings: OutsideClientSettings, visitor = new Visitor()) {
    this.settings = settings
    this.visitor = visitor
  }

  authorizeUrl(fields: Fields = {}): string {
    const { at, clientId, scope = 'openid profile offline_access' } = this.settings
    const asked = { response_type: 'code', client_id: clientId, redirect_uri: CALLBACK, scope, state: 'state-of-cli' }
    return `${at}/sso/authorize?${query({ ...asked, ...fields })}`
  }

  /** Signs in through every page; the parameters of the answer. */
  async authorize(fields: Fields = {}): Promise<URLSearchParams> {
    return (await walk(this.visitor, this.authorizeUrl(fields), this.settings.username)).searchParams
  }

  async code(fields: Fields = {}): Promise<string> {
    const answer = await this.authorize(fields)
    const code = answer.get('code')
    if (code === null) throw new Error(`no code: ${answer.toString()}`)
    return code
  }

  async token(fields: Fields, secret = this.settings.secret): Promise<Reply> {
    const headers = { authorization: basic(this.settings.clientId, secret) }
    return ask(`${this.settings.at}/sso/token`, { method: 'POST', headers, body: form(fields) })
  }

  async redeem(code: string, secret?: string): Promise<Reply> {
    return this.token({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK }, secret)
  }

  async refresh(token: string): Promise<Reply> {
    return this.token({ grant_type: 'refresh_token', refresh_token: token })
  }

  async userinfo(token: string): Promise<Reply> {
    return ask(`${this.settings.at}/sso/userinfo`, { headers: { authorization: `Bearer ${token}` } })
  }

  /** A whole sign-in. */
  async signIn(): Promise<{ readonly access: string; readonly refresh: string; readonly idToken: string }> {
    const { status, text, body } = await this.redeem(await this.code())
    if (status !== 200) throw new Error(`no tokens: ${text}`)
    const member = (name: string) => String(body[name])
    return { access: member('access_token'), refresh: member('refresh_token'), idToken: member('id_token') }
  }
}
