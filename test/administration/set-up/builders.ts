// A running server with its set-up, a link to it, and the operator's browser on the way through it.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { rehearse } from '../../../src/administration/rehearsal/rehearse.ts'
import { newSetUpLink } from '../../../src/administration/set-up/link.ts'
import { setUpRoutes } from '../../../src/administration/set-up/routes.ts'
import { largeBody } from '../../../src/composition/authorization-server.ts'
import type { Parts } from '../../../src/composition/parts.ts'
import { rehearsalComposer } from '../../../src/composition/rehearsal-server.ts'
import { compose } from '../../../src/composition/server.ts'
import { type AddressProbe, createAddressProbe } from '../../../src/http/outbound/probe.ts'
import { createNodeListener, type NodeListener } from '../../../src/http/server/node-adapter.ts'
import type { Store } from '../../../src/store/store.ts'
import { startServer, type TestServer, type TestServerOptions } from '../../support/server.ts'
import { formWith, type Page, Visitor } from '../../support/visitor.ts'

export interface SetUpServer extends TestServer {
  readonly store: Store
  /** A new link; older ones are over. */
  link(): Promise<string>
}

export interface SetUpServerOptions extends TestServerOptions {
  readonly probe?: AddressProbe
}

export async function startSetUp({ probe, ...options }: SetUpServerOptions = {}): Promise<SetUpServer> {
  const front = await listen()
  const started = await startServer({ issuer: `http://127.0.0.1:${front.port}`, ...options })
  const { parts } = started.server
  const own = setUpRoutes(setUpParts(parts, probe ?? createAddressProbe()))
  const others = parts.pages.filter(({ path }) => !path.startsWith(parts.addresses.path['set-up']))
  const handle = compose({ ...parts, pages: [...others, ...own] })
  front.serve(createNodeListener(handle, { trustedProxies: [], largeBody: largeBody(parts), ...options }, parts.log))
  return {
    ...started,
    store: parts.store,
    link: async () => (await newSetUpLink(parts.store, started.clock, parts.addresses)).url,
    async close() {
      await front.close()
      await started.close()
    },
  }
}

/** Finds this server on loopback, and nobody behind a public address. */
export function fromHere(): AddressProbe {
  const nobody = { kind: 'unreachable', code: 'ECONNREFUSED' } as const
  const { ask } = createAddressProbe()
  return {
    resolve: async () => ['47.100.1.2'],
    certificate: async () => nobody,
    ask: async (url) => (url.startsWith('https:') ? nobody : await ask(url)),
  }
}

/** A socket first: the issuer names its port. */
async function listen() {
  let listener: NodeListener | null = null
  const socket = createServer((request, response) => listener?.(request, response))
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve))
  const { port } = socket.address() as AddressInfo
  return {
    port,
    serve(next: NodeListener) {
      listener = next
    },
    async close() {
      socket.closeAllConnections()
      await new Promise<unknown>((resolve) => socket.close(resolve))
    },
  }
}

export function setUpParts(parts: Parts, probe: AddressProbe) {
  const composeRehearsal = rehearsalComposer(parts)
  const { operatorName } = parts
  if (operatorName === null) throw new Error('a server of its own keeps the name of its operator')
  return {
    ...parts,
    operatorName,
    csrfKey: parts.master.key('csrf'),
    probe,
    storeIssuer: async (issuer: string) => await parts.store.putFact('issuer', issuer),
    rehearse: async (request: Parameters<typeof rehearse>[1]) =>
      await rehearse({ ...parts, composeRehearsal }, request),
  }
}

export const ADMINISTRATOR = {
  username: 'root-zhang',
  name: '张管理',
  password: 'obviously fake admin password',
  password_again: 'obviously fake admin password',
}

export const PERSON = {
  username: 'alice',
  name: '张三',
  phone: '138 0013 8000',
  phone_verified: 'yes',
  password: 'obviously fake person password',
}

/** Through the link's button. */
export async function openedBy(visitor: Visitor, link: string): Promise<Page> {
  return await visitor.follow(await visitor.submit(await visitor.get(link), 'open'))
}

const STEP_NAMES = ['administrator', 'address', 'connect', 'connected', 'person', 'rehearsal', 'waiting'] as const
export type Stop = (typeof STEP_NAMES)[number]

/** A fresh browser that has come as far as this page. */
export async function walkTo(server: SetUpServer, stop: Stop, language = 'en'): Promise<Walk> {
  const visitor = new Visitor()
  visitor.language = language
  const link = await server.link()
  const walk: Walk = { visitor, link, page: await openedBy(visitor, link) }
  const next = async (id: string, fields: Record<string, string> = {}) => {
    const reply = await visitor.submit(walk.page, id, fields)
    if (reply.status !== 303) throw new Error(`${id}: ${reply.status} ${reply.html.slice(0, 2000)}`)
    walk.page = await visitor.follow(reply)
  }
  const ways: readonly (readonly [Stop, () => Promise<void>])[] = [
    ['administrator', () => next('continue', ADMINISTRATOR)],
    ['address', () => next('continue')],
    ['connect', () => next('continue', { name: '制作云' })],
    ['connected', () => next('continue')],
    ['person', () => next('continue', PERSON)],
    ['rehearsal', () => next('continue')],
  ]
  for (const [name, go] of ways) {
    if (name === stop) break
    await go()
  }
  return walk
}

export interface Walk {
  readonly visitor: Visitor
  readonly link: string
  page: Page
}

/** The second form of the step of the first person. */
export async function upload(
  visitor: Visitor,
  page: Page,
  content: { csv?: string; file?: Uint8Array; anyway?: boolean; temporary?: boolean },
): Promise<Page> {
  const { action, fields } = formWith(page, 'import')
  const form = new FormData()
  form.set('csrf', fields['csrf'] ?? '')
  form.set('csv', content.csv ?? '')
  if (content.anyway === true) form.set('anyway', 'yes')
  if (content.temporary === true) form.set('passwords_temporary', 'yes')
  form.set(
    'file',
    new File(content.file === undefined ? [] : [Buffer.from(content.file)], content.file ? 'users.csv' : ''),
  )
  const url = new URL(action, page.url).href
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const headers = { cookie, origin: new URL(url).origin, 'accept-language': visitor.language, accept: 'text/html' }
  const reply = await fetch(url, { method: 'POST', body: form, redirect: 'manual', headers })
  const location = reply.headers.get('location')
  return {
    status: reply.status,
    url,
    headers: reply.headers,
    html: await reply.text(),
    location: location === null ? null : new URL(location, url).href,
  }
}
