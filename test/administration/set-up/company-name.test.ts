// The name of the company: asked for once, read by everybody from then on.

import { afterEach, describe, expect, it } from 'vitest'
import { newSetUpLink } from '../../../src/administration/set-up/link.ts'
import { formWith, type Page, Visitor } from '../../support/visitor.ts'
import { ADMINISTRATOR, openedBy, type SetUpServer, type SetUpServerOptions, startSetUp, walkTo } from './builders.ts'

const COMPANY = '星河 <影视> & Co.'
const ESCAPED = '星河 &lt;影视&gt; &amp; Co.'
const OURS = 'Lingpai 令牌'

const servers: SetUpServer[] = []
async function serve(options: SetUpServerOptions = {}): Promise<SetUpServer> {
  const server = await startSetUp({ frontPage: true, ...options })
  servers.push(server)
  return server
}
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

const titleOf = ({ html }: Page) => /<title>([^<]*)/.exec(html)?.[1]
const brandOf = ({ html }: Page) => /<div class="brand">.*?<\/div>/.exec(html)?.[0] ?? ''
const footerOf = ({ html }: Page) => /<footer.*<\/footer>/.exec(html)?.[0] ?? ''

async function named(server: SetUpServer, company: string): Promise<Page> {
  const { visitor, page } = await walkTo(server, 'administrator')
  return await visitor.follow(await visitor.submit(page, 'continue', { ...ADMINISTRATOR, company }))
}

describe('the company that the first step asks for', () => {
  it('stands at the top and in the title of every page at once: set-up, front page, sign-in', async () => {
    const server = await serve()
    const next = await named(server, `  ${COMPANY} `)
    const visitor = new Visitor()
    const front = await visitor.get(`${server.issuer}/`)
    const signIn = await visitor.follow(await visitor.get(`${server.issuer}/sso/account`))
    for (const page of [next, front, signIn]) {
      expect(titleOf(page)).toContain(ESCAPED)
      expect(brandOf(page)).toContain(`<span class="mark" aria-hidden="true">星</span><span>${ESCAPED}</span>`)
      // Once is enough.
      expect(footerOf(page)).toBe('')
      expect(page.html).not.toContain(OURS)
    }
    expect(front.html).toContain(`This is the sign-in service of <strong>${ESCAPED}</strong>.`)
    expect(signIn.html).toContain(`with your <strong>${ESCAPED}</strong> account`)
  })

  it('may be left empty, and then the pages keep our own name', async () => {
    const server = await serve()
    expect(titleOf(await named(server, '  '))).toContain(OURS)
  })

  it('is shown again with a new link, changed, and taken away, while the password stays', async () => {
    const server = await serve()
    await named(server, '旧名')
    const before = await server.store.findUserByUsername(ADMINISTRATOR.username)
    const change = async (company: string) => {
      const visitor = new Visitor()
      const { url } = await newSetUpLink(server.store, server.clock, server.server.parts.addresses)
      await openedBy(visitor, url)
      // A set-up that has come further goes on there, and the way back is on the page.
      const address = await visitor.get(`${url}?step=address`)
      const back = /id="back" href="([^"]*)"/.exec(address.html)?.[1] ?? ''
      const page = await visitor.get(new URL(back, address.url).href)
      const shown = formWith(page, 'continue').fields['company']
      const { username, name } = ADMINISTRATOR
      const reply = await visitor.submit(page, 'continue', { username, name, company })
      expect(reply.status).toBe(303)
      return { shown, next: await visitor.follow(reply) }
    }
    const renamed = await change('新名')
    expect(renamed.shown).toBe('旧名')
    expect(titleOf(renamed.next)).toContain('新名')
    const removed = await change('')
    expect(removed.shown).toBe('新名')
    expect(titleOf(removed.next)).toContain(OURS)
    expect((await server.store.findUserByUsername(ADMINISTRATOR.username))?.passwordHash).toBe(before?.passwordHash)
  })

  it.each([
    ['a control character', '星\u0007河', /control character/],
    ['a line break', '星\n河', /control character/],
    ['a character that nobody sees', '星\u200B河', /nobody can see/],
    ['a character that turns the text around', '星\u202E河', /nobody can see/],
    ['61 characters', '星'.repeat(61), /This has 61 characters; at most 60 are allowed/],
  ])('is refused with %s: nothing is kept, not the administrator either', async (_, company, why) => {
    const server = await serve()
    const { visitor, page } = await walkTo(server, 'administrator')
    const refused = await visitor.submit(page, 'continue', { ...ADMINISTRATOR, company })
    expect(refused.status).toBe(422)
    expect(/id="company-error">([^<]*)/.exec(refused.html)?.[1]).toMatch(why)
    expect([await server.store.findFact('operator_name'), await server.store.countUsers()]).toEqual([null, 0])
    // Its twin: the same form, made right.
    const right = await visitor.submit(refused, 'continue', { ...ADMINISTRATOR, company: '星'.repeat(60) })
    expect(right.status).toBe(303)
    expect(await server.store.findFact('operator_name')).toBe('星'.repeat(60))
  })

  it('is not asked for where the options name it, nor taken from a form', async () => {
    const server = await serve({ brand: { operatorName: '配置影视' } })
    const { visitor, page } = await walkTo(server, 'administrator')
    expect(page.html).toContain('Set by the option brand.operatorName.')
    expect(page.html).not.toContain('name="company"')
    expect(brandOf(page)).toContain('配置影视')
    await visitor.submit(page, 'continue', { ...ADMINISTRATOR, company: '表单影视' })
    expect(await server.store.findFact('operator_name')).toBeNull()
  })

  it('stands in the footer where the product has a name of its own', async () => {
    const server = await serve({ brand: { productName: '星河登录' } })
    const page = await named(server, '星河影视')
    expect(brandOf(page)).toContain('星河登录')
    expect(footerOf(page)).toContain('Run by 星河影视')
  })

  it('is read by a server that starts later, and by one that runs already', async () => {
    const server = await serve()
    await server.store.putFact('operator_name', '别处改名')
    const { operatorName, brand } = server.server.parts
    expect(brand().productName).toBe(OURS)
    await operatorName?.look()
    expect(brand()).toEqual({ productName: '别处改名', operatorName: '别处改名' })
  })
})
