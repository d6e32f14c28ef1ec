// A real server in memory with clients and people in it, and a browser to visit its rehearsal page.

import { presetNamed } from '../../../src/administration/presets/index.ts'
import { type RehearsalParts, type RehearsalReport, rehearse } from '../../../src/administration/rehearsal/index.ts'
import type { Line } from '../../../src/administration/rehearsal/lines.ts'
import { createAuthorizationServer } from '../../../src/composition/authorization-server.ts'
import { rehearsalComposer } from '../../../src/composition/rehearsal-server.ts'
import { digestClientSecret } from '../../../src/credentials/client-secret.ts'
import { newMasterKey } from '../../../src/credentials/master-key.ts'
import type { HttpReply, HttpRequest } from '../../../src/http/message.ts'
import { type PlainSettings, parseClient } from '../../../src/model/client/settings.ts'
import { usernameKey } from '../../../src/model/names/username.ts'
import { statement } from '../../../src/store/database/driver.ts'
import { openSqlite } from '../../../src/store/database/sqlite/sqlite-driver.ts'
import type { Store } from '../../../src/store/store.ts'
import type { NewUser } from '../../../src/store/verbs/users.ts'

export const SECRET = 'not-a-real-secret-0123456789-abcdefgh'
const NOW = 1_800_000_000

export interface HouseSettings {
  readonly issuer?: string
}

export async function openHouse({ issuer = 'https://sso.example.com' }: HouseSettings = {}) {
  const clock = { time: NOW, now: () => clock.time }
  const master = newMasterKey()
  const server = await createAuthorizationServer({
    issuer,
    database: await openSqlite({ file: ':memory:' }),
    masterKey: master,
    clock,
  })
  const { store, addresses } = server.parts
  const parts: RehearsalParts = { store, clock, master, addresses, composeRehearsal: rehearsalComposer(server.parts) }

  const addClient = async (clientId: string, preset = 'zhizuoyun', settings: PlainSettings = {}) => {
    const client = parseClient(flat({ client_name: '制作云测试', ...presetNamed(preset).settings }, settings), {
      client_id: clientId,
      preset,
      consentDeclared: settings['consent'] === 'implied',
    })
    const hash = client.token_endpoint_auth_method === 'none' ? null : digestClientSecret(master, SECRET)
    await store.addClient(client, hash, { type: 'client_added', at: NOW, clientId })
  }
  const addUser = async (username: string, changes: Partial<NewUser> = {}) => {
    const user: NewUser = {
      userId: `id-of-${username}`,
      username,
      usernameKey: usernameKey(username),
      profile: { displayName: '张三' },
      phone: '+8613800138000',
      phoneVerified: true,
      email: null,
      emailVerified: false,
      passwordHash: '$argon2id$not-a-hash',
      enabled: true,
      ...changes,
    }
    await store.addUser(user, { type: 'user_added', at: NOW, userId: user.userId })
  }
  const run = async (clientId: string, username: string, clientSecret?: string): Promise<RehearsalReport> => {
    const client = await store.findClient(clientId)
    const user = await store.findUserByUsername(username)
    if (client === null || user === null) throw new Error('no such client or user')
    return rehearse(parts, { client, user, ...(clientSecret !== undefined && { clientSecret }) })
  }
  return { server, store, clock, addresses, parts, addClient, addUser, run, contents: () => tableContents(store) }
}

export type House = Awaited<ReturnType<typeof openHouse>>

/** Later settings win, nested or dotted. */
function flat(settings: PlainSettings, changes: PlainSettings): PlainSettings {
  const merged: Record<string, unknown> = { ...settings }
  for (const [name, value] of Object.entries(changes)) {
    const [group = '', inner] = name.split('.')
    if (inner === undefined) merged[name] = value
    else merged[group] = { ...(typeof merged[group] === 'object' ? merged[group] : {}), [inner]: value }
  }
  return merged
}

const tables = statement<object, { name: string }>(
  'test_tables',
  `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
)

/** Every table as text: what differs can be seen. */
async function tableContents({ driver }: Pick<Store, 'driver'>): Promise<Readonly<Record<string, string>>> {
  const contents: Record<string, string> = {}
  for (const { name } of await driver.rows(tables, {})) {
    const all = statement<object, object>(`test_all_${name}`, `SELECT * FROM "${name}"`)
    const rows = await driver.rows(all, {})
    contents[name] = JSON.stringify(rows)
  }
  return contents
}

export function lineOf(report: RehearsalReport, english: string): Line {
  const lines = report.exchanges.flatMap((exchange) => exchange.lines)
  const exact = lines.filter(({ text }) => sentence(text) === english)
  const found = exact.length > 0 ? exact : lines.filter(({ text }) => sentence(text).startsWith(english))
  const [line] = found
  if (line === undefined || found.length !== 1) {
    throw new Error(`${found.length} lines begin with ${english}; bad are:\n${badLines(report).join('\n')}`)
  }
  return line
}

export function sentence(text: Line['text'] | undefined): string {
  return text === undefined ? '' : typeof text === 'string' ? text : text.en
}

export function badLines(report: RehearsalReport): readonly string[] {
  return report.exchanges
    .flatMap(({ lines }) => lines)
    .filter(({ state }) => state === 'bad')
    .map(({ text, explanation }) => `${sentence(text)}: ${sentence(explanation)}`)
}

export class Browser {
  readonly #house: House
  readonly #cookies = new Map<string, string>()
  constructor(house: House) {
    this.#house = house
  }

  async send(
    method: string,
    path: string,
    form?: Readonly<Record<string, string>>,
    headers: HttpRequest['headers'] = {},
    query = '',
  ): Promise<HttpReply> {
    const { server, addresses } = this.#house
    const cookie = [...this.#cookies].map((pair) => pair.join('=')).join('; ')
    const reply = await server.handle({
      method,
      path,
      query,
      headers: {
        accept: 'text/html',
        'accept-language': 'en',
        ...(cookie !== '' && { cookie }),
        ...(form && { 'content-type': 'application/x-www-form-urlencoded', origin: addresses.origin }),
        ...headers,
      },
      body: Buffer.from(form === undefined ? '' : new URLSearchParams(form).toString()),
      peer: { address: '198.51.100.7', secure: addresses.secure, host: new URL(addresses.issuer).host },
    })
    for (const set of [reply.headers['set-cookie'] ?? []].flat()) {
      const [pair = ''] = set.split(';')
      const equals = pair.indexOf('=')
      this.#cookies.set(pair.slice(0, equals), pair.slice(equals + 1))
    }
    return reply
  }
}

export function csrfOf(reply: HttpReply): string {
  const found = /name="csrf" value="([^"]+)"/.exec(String(reply.body))?.[1]
  if (found === undefined) throw new Error('the page has no form')
  return found
}
