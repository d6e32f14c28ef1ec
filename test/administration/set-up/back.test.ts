// The way back: each step leads to the one before it, for whoever wants to look again or to correct something.

import { afterEach, beforeEach, expect, it } from 'vitest'
import { type SetUpServer, startSetUp, walkTo } from './builders.ts'

let server: SetUpServer
beforeEach(async () => {
  server = await startSetUp()
})
afterEach(() => server.close())

it.each(['address', 'connect', 'connected', 'person', 'rehearsal', 'waiting'] as const)(
  'from %s a link leads one step back, and what was done there is shown',
  async (stop) => {
    const { visitor, page } = await walkTo(server, stop)
    const steps = ['administrator', 'address', 'connect', 'person', 'rehearsal', 'waiting']
    const here = steps.indexOf(new URL(page.url).searchParams.get('step') ?? '')
    const [, back = ''] = /<a id="back" href="([^"]*)">One step back</.exec(page.html) ?? []
    const before = await visitor.get(new URL(back, page.url).href)
    expect([before.status, new URL(before.url).searchParams.get('step')]).toEqual([200, steps[here - 1]])
    // And on again, by the address that the former page has.
    expect((await visitor.get(page.url)).status).toBe(200)
  },
)

it('no link leads back from the first step, nor from the end of a set-up that is finished', async () => {
  const { visitor, page, link } = await walkTo(server, 'waiting')
  expect((await visitor.get(`${link}?step=administrator`)).html).not.toContain('id="back"')
  expect((await visitor.follow(await visitor.submit(page, 'finish'))).html).not.toContain('id="back"')
})
