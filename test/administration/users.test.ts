// Operations on users: what each leaves in the store, and what each refuses.

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addClient } from '../../src/administration/clients.ts'
import {
  addUser,
  getUser,
  listUsers,
  removeUser,
  setPassword,
  setUserEnabled,
  updateUser,
} from '../../src/administration/users.ts'
import { type Installation, openInstallation, refusal } from './installation.ts'

let house: Installation
beforeEach(async () => {
  house = await openInstallation()
})
afterEach(() => house.close())

const GOOD = 'fake-passphrase-for-tests'

const events = async () => (await house.store.listEvents(50)).map(({ type }) => type).toSorted()

describe('addUser', () => {
  test('keeps what was given, and the user can be found by id and by any form of the name', async () => {
    const user = await addUser(house, {
      username: 'Alice',
      name: '张三',
      phone: "'138 0013 8000",
      phoneVerified: true,
      email: 'alice@example.com',
      birthdate: '1990/1/2',
      password: GOOD,
      custom: { department: 'R&D' },
    })
    expect(user).toMatchObject({
      username: 'Alice',
      phone: '+8613800138000',
      phoneVerified: true,
      emailVerified: false,
      profile: { displayName: '张三', birthdate: '1990-01-02', custom: { department: 'R&D' } },
    })
    expect(user.userId).toMatch(/^[0-9a-f-]{36}$/)
    expect(await getUser(house.store, ' ＡLICE')).toEqual(user)
    expect(await getUser(house.store, user.userId)).toEqual(user)
    const { passwordHash } = (await house.store.findUser(user.userId)) ?? {}
    expect(await house.hasher.verify(GOOD, passwordHash ?? null)).toMatchObject({ matches: true })
    expect(await events()).toEqual(['user_added'])
  })

  test('L28 a name that equals another after folding, width and trimming is refused; the first stays as it is', async () => {
    const first = await addUser(house, { username: 'alice' })
    for (const username of ['ALICE', ' alice ', 'ａｌｉｃｅ']) {
      expect((await refusal(addUser(house, { username }))).code).toBe('username_taken')
    }
    expect(await getUser(house.store, 'alice')).toEqual(first)
    await addUser(house, { username: 'alice2' })
  })

  test('a displayed name that holds what nobody sees, or turns itself around, is refused', async () => {
    for (const [name, code] of [
      ['Ali\u200Bce', 'U+200B'],
      ['\uFEFF张\u2060三', 'U+2060'],
      ['Alice \u202Ebob', 'U+202E'],
    ] as const) {
      expect((await refusal(addUser(house, { username: 'alice', name }))).message).toContain(code)
      const address = { locality: name }
      expect((await refusal(addUser(house, { username: 'alice', address }))).message).toContain(code)
    }
    expect(await events()).toEqual([])
    // What only an application reads is its own.
    const user = await addUser(house, { username: 'alice', name: '张三 👩‍💻', custom: { note: 'a\u200Bb' } })
    expect(user.profile).toMatchObject({ displayName: '张三 👩‍💻', custom: { note: 'a\u200Bb' } })
  })

  test('all that is wrong is said at once, the user name first, and nobody is added', async () => {
    await addUser(house, { username: 'alice', phone: '13800138000', userId: 'user-1' })
    const same = { username: 'Alice', phone: '13800138000', userId: 'user-1' }
    expect(await refusal(addUser(house, same))).toEqual({
      code: 'username_taken',
      message:
        'The username Alice belongs to another user; the phone number +8613800138000 belongs to another enabled user: alice; the user id user-1 is taken',
    })
    // What is badly written beside what is taken.
    const worse = await refusal(addUser(house, { ...same, email: 'nobody', password: 'short' }))
    expect(worse.code).toBe('username_taken')
    for (const said of [/^The username/, /email is no/, /the password/, /phone number .* another/, /user id/]) {
      expect(worse.message).toMatch(said)
    }
    expect((await refusal(addUser(house, { username: 'bob', phone: '1.38E+10', password: 'short' }))).message).toMatch(
      /^phone .*Excel.*; the password/,
    )
    expect(await events()).toEqual(['user_added'])
    expect(await addUser(house, { username: 'bob', phone: '13900139000', userId: 'user-2' })).toMatchObject({
      userId: 'user-2',
    })
  })

  test('a change that would take two things says both, and what the person has already is nobody else’s', async () => {
    await addUser(house, { username: 'alice', phone: '13800138000' })
    const bob = await addUser(house, { username: 'bob', phone: '13900139000' })
    expect(await refusal(updateUser(house, 'bob', { username: 'alice', phone: '13800138000' }))).toEqual({
      code: 'username_taken',
      message:
        'The username alice belongs to another user; the phone number +8613800138000 belongs to another enabled user: alice',
    })
    expect((await refusal(updateUser(house, 'bob', { username: 'BOB', phone: '13800138000' }))).message).toBe(
      'The phone number +8613800138000 belongs to another enabled user: alice',
    )
    expect(await getUser(house.store, 'bob')).toEqual(bob)
    expect(await updateUser(house, 'bob', { username: 'BOB', phone: '13700137000' })).toMatchObject({
      username: 'BOB',
      phone: '+8613700137000',
    })
  })

  test('a change to what is there already is none: nothing is written, and no event says so', async () => {
    const fields = { username: 'alice', name: '张三', phone: '13800138000', phoneVerified: true, email: 'a@b.example' }
    const alice = await addUser(house, { ...fields, address: { locality: '深圳' }, custom: { department: 'R&D' } })
    expect(await updateUser(house, 'alice', { ...fields, username: ' alice ', phone: '+86 138 0013 8000' })).toEqual(
      alice,
    )
    expect(await updateUser(house, 'alice', { username: 'alice', name: '张三' })).toEqual(alice)
    expect(await events()).toEqual(['user_added'])
    for (const change of [{ name: '张四' }, { phoneVerified: false }, { username: 'Alice' }, { custom: {} }]) {
      await updateUser(house, 'alice', change)
    }
    expect(await events()).toEqual(['user_added', ...Array.from({ length: 4 }, () => 'user_updated')])
  })

  test('a phone number belongs to at most one enabled user, also when one is enabled again', async () => {
    const first = await addUser(house, { username: 'first', phone: '13800138000' })
    expect(await refusal(addUser(house, { username: 'second', phone: '+8613800138000' }))).toEqual({
      code: 'phone_taken',
      message: 'The phone number +8613800138000 belongs to another enabled user: first',
    })
    await setUserEnabled(house, 'first', false)
    await addUser(house, { username: 'second', phone: '13800138000' })
    expect(await refusal(setUserEnabled(house, 'first', true))).toEqual({
      code: 'phone_taken',
      message: 'The phone number +8613800138000 belongs to another enabled user: second',
    })
    expect(await getUser(house.store, first.userId)).toMatchObject({ enabled: false })
    await updateUser(house, 'second', { phone: null })
    expect(await setUserEnabled(house, 'first', true)).toMatchObject({ enabled: true })
  })

  test('RFC 9700 §4.15 an id that a client has, or that was ever given out, is refused', async () => {
    await addClient(house, { preset: 'zhizuoyun', name: '制作云', clientId: 'client-1' })
    expect((await refusal(addUser(house, { username: 'a', userId: 'client-1' }))).code).toBe('user_id_taken')
    await addUser(house, { username: 'a', userId: 'user-1' })
    await removeUser(house, 'a')
    expect((await refusal(addUser(house, { username: 'b', userId: 'user-1' }))).code).toBe('user_id_taken')
    await addUser(house, { username: 'a', userId: 'user-2' })
  })

  test.each([
    [{ username: 'a\u0000b' }, 'invalid_user'],
    [{ username: 'a', phone: '1.38E+10' }, 'invalid_phone'],
    [{ username: 'a', phoneVerified: true }, 'invalid_user'],
    [{ username: 'a', email: 'nobody' }, 'invalid_user'],
    [{ username: 'a', userId: '张三' }, 'invalid_user'],
    [{ username: 'a', picture: 'javascript:alert(1)' }, 'invalid_user'],
    [{ username: 'a', birthdate: '1990-02-30' }, 'invalid_user'],
    [{ username: 'a', name: 'x\u001b[2J' }, 'invalid_user'],
    [{ username: 'a', custom: { 'a b': '1' } }, 'invalid_user'],
    [{ username: 'a', address: { planet: 'Earth' } }, 'invalid_user'],
    [{ username: 'a', password: 'short' }, 'weak_password'],
    [{ username: 'a', password: 'password123' }, 'weak_password'],
  ])('refuses %j with %s and adds nobody', async (request, code) => {
    expect((await refusal(addUser(house, request))).code).toBe(code)
    expect(await house.store.countUsers()).toBe(0)
  })

  test('RFC 5321 §4.5.3.1 an address that no mail server need take is refused; the longest one is kept', async () => {
    const long = (length: number) => {
      const end = '@example.com'
      const labels = `${'b'.repeat(60)}.`.repeat(4)
      return `${'a'.repeat(64)}@${labels}${'c'.repeat(length)}`.slice(0, length - end.length) + end.replace('@', '.')
    }
    expect(long(254)).toHaveLength(254)
    expect((await refusal(addUser(house, { username: 'a', email: long(255) }))).code).toBe('invalid_user')
    expect((await refusal(addUser(house, { username: 'a', email: `${'a'.repeat(65)}@example.com` }))).code).toBe(
      'invalid_user',
    )
    expect(await house.store.countUsers()).toBe(0)
    expect((await addUser(house, { username: 'a', email: long(254) })).email).toBe(long(254))
  })

  test('H10 text that would be code elsewhere is kept as the text it is', async () => {
    const name = `Robert'); DROP TABLE "user";-- <b>&amp;</b> $\{jndi:ldap://x} {{7*7}} *)(uid=*`
    const username = name.replaceAll(' ', '/')
    await addUser(house, { username, name })
    expect(await getUser(house.store, username)).toMatchObject({ username, profile: { displayName: name } })
  })
})

describe('updateUser', () => {
  test('changes what is named, takes away what is null, and leaves the rest', async () => {
    await addUser(house, { username: 'alice', name: 'Alice', nickname: 'Al', email: 'a@example.com' })
    const user = await updateUser(house, 'alice', { name: '张三', nickname: null, givenName: '三' })
    expect(user).toMatchObject({ username: 'alice', email: 'a@example.com' })
    expect(user.profile).toEqual({ displayName: '张三', givenName: '三' })
    expect(await events()).toEqual(['user_added', 'user_updated'])
  })

  test('a changed number has to be proven again; one that is only written differently has not', async () => {
    await addUser(house, { username: 'alice', phone: '13800138000', phoneVerified: true })
    expect(await updateUser(house, 'alice', { phone: '+86 138 0013 8000' })).toMatchObject({ phoneVerified: true })
    expect(await updateUser(house, 'alice', { name: 'A' })).toMatchObject({ phoneVerified: true })
    expect(await updateUser(house, 'alice', { phone: '13900139000' })).toMatchObject({ phoneVerified: false })
    const again = await updateUser(house, 'alice', { phone: '13700137000', phoneVerified: true })
    expect(again).toMatchObject({ phone: '+8613700137000', phoneVerified: true })
  })

  test('changes made at the same time are both kept', async () => {
    await addUser(house, { username: 'alice' })
    await Promise.all([updateUser(house, 'alice', { name: 'A' }), updateUser(house, 'alice', { nickname: 'B' })])
    expect((await getUser(house.store, 'alice')).profile).toEqual({ displayName: 'A', nickname: 'B' })
  })
})

describe('password, state and removal', () => {
  test('set-password and disable grow the generation that sessions and tokens are compared with', async () => {
    const { generation } = await addUser(house, { username: 'alice' })
    const after = await setPassword(house, 'alice', GOOD)
    expect(after.generation).toBe(generation + 1)
    expect((await setUserEnabled(house, 'alice', false)).generation).toBe(generation + 2)
    expect((await setUserEnabled(house, 'alice', true)).generation).toBe(generation + 2)
    expect(await events()).toEqual(['user_added', 'user_disabled', 'user_enabled', 'user_password_set'])
    expect((await refusal(setPassword(house, 'alice', 'alice'))).code).toBe('weak_password')
  })

  test('a removed user is gone from every list, and unknown ones are not found', async () => {
    await addUser(house, { username: 'alice' })
    await removeUser(house, 'alice')
    expect((await refusal(getUser(house.store, 'alice'))).code).toBe('user_not_found')
    expect((await refusal(setUserEnabled(house, 'nobody-here', false))).code).toBe('user_not_found')
    expect((await listUsers(house.store)).users).toEqual([])
  })

  test('a name that equals the id of somebody else never decides whom a command means', async () => {
    await addUser(house, { username: 'alice', userId: 'user-1' })
    const other = await addUser(house, { username: 'user-1' })
    expect((await refusal(setUserEnabled(house, 'user-1', false))).code).toBe('user_ambiguous')
    expect(await setUserEnabled(house, { userId: 'user-1' }, false)).toMatchObject({ username: 'alice' })
    expect(await getUser(house.store, other.userId)).toMatchObject({ enabled: true })
  })

  test('pages follow one another without a gap', async () => {
    for (let at = 0; at < 5; at++) await addUser(house, { username: `u${at}`, userId: `id-${at}` })
    const first = await listUsers(house.store, { most: 2 })
    expect(first.users.map((user) => user.userId)).toEqual(['id-0', 'id-1'])
    const second = await listUsers(house.store, { most: 2, after: first.next ?? '' })
    const third = await listUsers(house.store, { most: 2, after: second.next ?? '' })
    expect(third.users.map((user) => user.userId)).toEqual(['id-4'])
    expect(third.next).toBeNull()
  })
})
