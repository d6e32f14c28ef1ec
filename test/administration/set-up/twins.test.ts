// Step 3 where an application for 制作云 is there already: it is told before another one is made, and can be used instead.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addClient, approveClient, setClientEnabled } from '../../../src/administration/clients.ts'
import { readSetUp } from '../../../src/administration/set-up/progress.ts'
import { formWith, type Page, readable } from '../../support/visitor.ts'
import { type SetUpServer, startSetUp, walkTo } from './builders.ts'

const SECRET = 'an obviously fake secret of thirty-two'

let server: SetUpServer
beforeEach(async () => {
  server = await startSetUp()
})
afterEach(() => server.close())

const add = (clientId: string, name: string, more: object = {}) =>
  addClient(server.server.parts, { preset: 'zhizuoyun', clientId, name, clientSecret: SECRET, ...more })

const noteOf = ({ html }: Page) => /id="twins">(.*?)<p>[^<]*<\/p><\/div><\/div>/s.exec(html)?.[1] ?? null
const clientIdOf = ({ html }: Page) => /id="ClientId"[^>]*value="([^"]+)"/.exec(html)?.[1]

describe.each([
  ['en', 'An application for 制作云 is here already:', '2 applications for 制作云 are here already:'],
  ['zh-CN', '已有一个接入制作云的应用：', '已有 2 个接入制作云的应用：'],
])('in %s', (language, one, two) => {
  it('it is named with its id before a second one is made', async () => {
    await add('tenant-a', '星河 A')
    const { page } = await walkTo(server, 'connect', language)
    expect(noteOf(page)).toContain(one)
    expect(noteOf(page)).toContain('星河 A')
    expect(noteOf(page)).toContain('tenant-a')
  })

  it('used instead, its values are shown without the secret, and none is made', async () => {
    await add('tenant-a', '星河 A')
    await add('tenant-b', '星河 B')
    const { visitor, page } = await walkTo(server, 'connect', language)
    expect(noteOf(page)).toContain(two)
    const used = await visitor.follow(await visitor.submit(page, 'use-2'))
    expect(clientIdOf(used)).toBe('tenant-b')
    expect(used.html).not.toContain('id="ClientSecret"')
    expect(readable(used.html)).toContain('npx lingpai client rotate-secret tenant-b')
    expect(await server.store.listClients()).toHaveLength(2)
    // The steps after it work with that client.
    expect((await visitor.follow(await visitor.submit(used, 'continue'))).url).toContain('step=person')
    expect((await readSetUp(server.store)).clientId).toBe('tenant-b')
  })
})

it('the one that is there is what the page leads to, as the likelier and the safer choice; of several, none', async () => {
  const { visitor, page } = await walkTo(server, 'connect')
  const buttons = async () => {
    const { html } = await visitor.get(page.url)
    return [...html.matchAll(/<button( class="primary")? id="([\w-]+)"/g)].map(([, main, id]) => [
      id,
      main !== undefined,
    ])
  }
  expect(await buttons()).toEqual([['continue', true]])
  await add('tenant-a', '星河 A')
  expect(await buttons()).toEqual([
    ['use-1', true],
    ['continue', false],
  ])
  await add('tenant-b', '星河 B')
  expect((await buttons()).filter(([, isMain]) => isMain)).toEqual([])
})

it('a second one is made all the same; one of the same name is told of beside its secret, and how to take it away', async () => {
  await add('tenant-a', '制作云')
  const { visitor, page } = await walkTo(server, 'connect')
  const made = await visitor.follow(await visitor.submit(page, 'continue', { name: '制作云' }))
  const id = clientIdOf(made)
  expect(made.html).toContain('id="ClientSecret"')
  const note = /id="same-name">(.*?)<\/div><\/div>/s.exec(made.html)?.[1]
  expect(note).toContain('an enabled client (tenant-a)')
  expect(note).toContain(`npx lingpai client remove ${id}`)
})

it('a second one of another name is not', async () => {
  await add('tenant-a', '制作云')
  const { visitor, page } = await walkTo(server, 'connect')
  const made = await visitor.follow(await visitor.submit(page, 'continue', { name: '星河 B' }))
  expect(made.html).toContain('id="ClientSecret"')
  expect(made.html).not.toContain('id="same-name"')
})

it('none is named where there is none, where it is disabled, or where its answers go elsewhere', async () => {
  await add('elsewhere', '制作云', { redirectUris: ['https://client.test/callback'] })
  await add('disabled', '制作云')
  await setClientEnabled(server.server.parts, 'disabled', false)
  const { page } = await walkTo(server, 'connect')
  expect(page.html).not.toContain('id="twins"')
})

it('one that has registered itself is none, until the operator has approved it', async () => {
  await add('stranger', '制作云', { settings: { verified: false } })
  await add('tenant-a', '星河 A')
  const { visitor, page } = await walkTo(server, 'connect')
  expect(noteOf(page)).toContain('tenant-a')
  expect(noteOf(page)).not.toContain('stranger')
  await visitor.submit(page, 'use-1', { client: 'stranger' })
  expect((await readSetUp(server.store)).clientId).toBeNull()
  await approveClient(server.server.parts, 'stranger')
  await visitor.submit(page, 'use-1', { client: 'stranger' })
  expect((await readSetUp(server.store)).clientId).toBe('stranger')
})

it('a form that names any other client changes nothing, and neither does one sent when another was made meanwhile', async () => {
  await add('tenant-a', '星河 A')
  await add('elsewhere', '制作云', { redirectUris: ['https://client.test/callback'] })
  const { visitor, page } = await walkTo(server, 'connect')
  for (const client of ['elsewhere', 'nobody', '']) {
    expect((await visitor.submit(page, 'use-1', { client })).location).toContain('step=connect')
    expect((await readSetUp(server.store)).clientId).toBeNull()
  }
  const made = await visitor.follow(await visitor.submit(page, 'continue', { name: '星河 C' }))
  expect((await visitor.submit(page, 'use-1')).location).toContain('step=connect')
  expect((await readSetUp(server.store)).clientId).toBe(clientIdOf(made))
  expect(formWith(page, 'use-1').fields['client']).toBe('tenant-a')
})
