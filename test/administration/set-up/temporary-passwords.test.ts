// Passwords that the operator hands out in the set-up: whoever gets one chooses their own at the first sign-in.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { usernameKey } from '../../../src/model/names/username.ts'
import { ask, expectCode, signIn } from '../../support/authorize.ts'
import { readable, Visitor } from '../../support/visitor.ts'
import { PERSON, type SetUpServer, startSetUp, upload, type Walk, walkTo } from './builders.ts'

let server: SetUpServer
let walk: Walk
beforeEach(async () => {
  server = await startSetUp()
  walk = await walkTo(server, 'person')
})
afterEach(() => server.close())

const found = (username: string) => server.store.findUserByUsername(usernameKey(username))
const isTemporary = async (username: string) => (await found(username))?.passwordTemporary
const tickOf = (html: string, name: string) => new RegExp(`<input id="${name}"[^>]*>`).exec(html)?.[0] ?? 'no tick'
const TICKED = { password_temporary: 'yes' }

describe('the person who is typed in', () => {
  it('has a password of their own, unless the tick says that it is temporary', async () => {
    expect(tickOf(walk.page.html, 'password_temporary')).not.toContain('checked')
    await walk.visitor.submit(walk.page, 'continue', PERSON)
    expect(await isTemporary('alice')).toBe(false)
  })

  it('with a temporary one chooses another before there is a session, and the rehearsal says so', async () => {
    const rehearsal = await walk.visitor.follow(
      await walk.visitor.submit(walk.page, 'continue', { ...PERSON, ...TICKED }),
    )
    expect(await isTemporary('alice')).toBe(true)
    const ran = await walk.visitor.follow(
      await walk.visitor.submit(rehearsal, 'rehearse', { user: (await found('alice'))?.userId ?? '' }),
    )
    expect(readable(ran.html)).toContain('It is a temporary one')
    await server.addClient('web', 'openid-connect', { consent: 'implied' })
    const visitor = new Visitor()
    const chosen = await signIn(
      visitor,
      await ask(visitor, { ...server, origin: server.issuer }),
      'alice',
      PERSON.password,
    )
    expect(chosen.location).toBeNull()
    expect(chosen.html).toContain('name="new-password"')
    const done = await visitor.follow(
      await visitor.submit(chosen, 'password-submit', {
        'new-password': 'one that alice has chosen',
        'new-password-again': 'one that alice has chosen',
      }),
    )
    expectCode(done)
    expect(await isTemporary('alice')).toBe(false)
  })

  it('keeps the tick when something else is wrong, and nothing is saved', async () => {
    const wrong = await walk.visitor.submit(walk.page, 'continue', { ...PERSON, ...TICKED, phone: '12' })
    expect(wrong.status).toBe(422)
    expect(tickOf(wrong.html, 'password_temporary')).toContain('checked')
    expect(await found('alice')).toBeNull()
  })

  it('shows the tick on the way back; another tick takes a password, and without one nothing changes', async () => {
    await walk.visitor.submit(walk.page, 'continue', { ...PERSON, ...TICKED })
    const back = await walk.visitor.get(`${walk.link}?step=person`)
    expect(tickOf(back.html, 'password_temporary')).toContain('checked')
    // As it stands: the password may be left out.
    expect((await walk.visitor.submit(back, 'continue', { ...PERSON, ...TICKED, password: '' })).status).toBe(303)
    expect(await isTemporary('alice')).toBe(true)
    const unticked = { ...PERSON, password_temporary: '' }
    const refused = await walk.visitor.submit(back, 'continue', { ...unticked, password: '' })
    expect(refused.status).toBe(422)
    expect(readable(refused.html)).toContain('To change whether it is temporary, type a password')
    expect(await isTemporary('alice')).toBe(true)
    const changed = await walk.visitor.submit(back, 'continue', unticked)
    expect(changed.status).toBe(303)
    expect(await isTemporary('alice')).toBe(false)
  })
})

describe('the people of a file', () => {
  const csv = 'username,name,phone,phone_verified,password,password_temporary\n'
  const rows =
    'bo,Bo,13800138001,true,obviously fake password,\ncy,Cy,13800138002,true,obviously fake password,no\ndi,Di,13800138003,true,,\n'

  it('have passwords of their own without the tick', async () => {
    expect((await upload(walk.visitor, walk.page, { csv: csv + rows })).status).toBe(303)
    expect([await isTemporary('bo'), await isTemporary('cy')]).toEqual([false, false])
  })

  it('have temporary ones by the tick, where the column does not say otherwise', async () => {
    expect((await upload(walk.visitor, walk.page, { csv: csv + rows, temporary: true })).status).toBe(303)
    const states = async () => [await isTemporary('bo'), await isTemporary('cy'), await isTemporary('di')]
    expect(await states()).toEqual([true, false, false])
    // The same once more is taken once; without the tick it is another import, of people who are there.
    expect((await upload(walk.visitor, walk.page, { csv: csv + rows, temporary: true })).status).toBe(303)
    expect((await upload(walk.visitor, walk.page, { csv: csv + rows })).status).toBe(422)
    expect(await states()).toEqual([true, false, false])
  })

  it('keep the tick while rows are wrong or lack something, and nothing is imported', async () => {
    const wrong = await upload(walk.visitor, walk.page, { csv: `${csv}bo,Bo,12,true,short,\n`, temporary: true })
    expect(wrong.status).toBe(422)
    expect(tickOf(wrong.html, 'passwords_temporary')).toContain('checked')
    const lacking = await upload(walk.visitor, walk.page, {
      csv: `${csv}bo,Bo,,,obviously fake password,\n`,
      temporary: true,
    })
    expect(lacking.status).toBe(422)
    expect(tickOf(lacking.html, 'passwords_temporary')).toContain('checked')
    expect(tickOf(lacking.html, 'anyway')).not.toContain('checked')
    expect(await found('bo')).toBeNull()
  })
})
