// Wrong input in every field: a clear word beside it, what was typed is still there, and nothing has changed.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { savePerson } from '../../../src/administration/set-up/person-fields.ts'
import { updateUser } from '../../../src/administration/users.ts'
import { PasswordHashingBusy } from '../../../src/credentials/hashing-queue.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { formWith, type Page, readable, Visitor } from '../../support/visitor.ts'
import {
  ADMINISTRATOR,
  openedBy,
  PERSON,
  type SetUpServer,
  type Stop,
  startSetUp,
  upload,
  type Walk,
  walkTo,
} from './builders.ts'

let server: SetUpServer
let walk: Walk
const begin = async (stop: Stop, language = 'en') => {
  walk = await walkTo(server, stop, language)
}
beforeEach(async () => {
  server = await startSetUp()
})
afterEach(() => server.close())

async function state(): Promise<string> {
  const { store } = server
  const users = await store.listUsers('', 100)
  const clients = await store.listClients()
  const facts = await Promise.all(
    (['issuer', 'set_up', 'set_up_progress'] as const).map((name) => store.findFact(name)),
  )
  return JSON.stringify([users, clients.map(({ client }) => client), facts])
}

function errorOf(page: Page, field: string): string | undefined {
  return new RegExp(`id="${field}-error">([^<]*)<`).exec(page.html)?.[1]
}

/** The field is named, and what was typed (but no password) is shown again. */
async function refused(field: string, fields: Record<string, string>, id = 'continue'): Promise<Page> {
  const before = await state()
  const page = await walk.visitor.submit(walk.page, id, fields)
  expect(page.status).toBe(422)
  expect(errorOf(page, field), `${field}: ${page.html.slice(-3000)}`).toBeTruthy()
  expect(await state()).toBe(before)
  const shown = formWith(page, id).fields
  for (const [name, value] of Object.entries(fields)) {
    // A password is never shown again.
    if (/password/.test(name)) expect(shown[name], name).toBe('')
    else if (name in shown && name !== 'phone_verified') expect(shown[name]).toBe(value)
  }
  return page
}

async function accepted(fields: Record<string, string>, id = 'continue'): Promise<void> {
  const reply = await walk.visitor.submit(walk.page, id, fields)
  expect(reply.status).toBe(303)
}

describe('the administrator', () => {
  const short = { password: 'short', password_again: 'short' }
  const common = { password: 'password123', password_again: 'password123' }
  it.each([
    ['username', { username: '' }],
    ['username', { username: '   ' }],
    ['username', { username: 'a\u0007b' }],
    ['username', { username: 'a\u200Bb' }],
    ['username', { username: 'x'.repeat(129) }],
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(257) }],
    ['name', { name: 'a\u0007b' }],
    ['password', { password: '', password_again: '' }],
    ['password', short],
    ['password', common],
    ['password', { password: ADMINISTRATOR.username, password_again: ADMINISTRATOR.username }],
    ['password', { password: 'x'.repeat(2000), password_again: 'x'.repeat(2000) }],
    ['password_again', { password_again: 'another fake password' }],
    ['password_again', { password_again: '' }],
  ])('%s: %j is refused, and its right twin accepted', async (field, wrong) => {
    await begin('administrator')
    await refused(field, { ...ADMINISTRATOR, ...wrong })
    await accepted(ADMINISTRATOR)
  })

  it('whose user name somebody has already is refused', async () => {
    await server.addUser('taken')
    await begin('administrator')
    await refused('username', { ...ADMINISTRATOR, username: 'TAKEN' })
    await accepted(ADMINISTRATOR)
  })

  it('RFC 9110 §15.5.21 says all problems at once, in Chinese too', async () => {
    await begin('administrator', 'zh-CN')
    const page = await refused('username', { username: '', name: '', password: 'short', password_again: 'short' })
    expect(errorOf(page, 'username')).toBe('请填写此项。')
    expect(errorOf(page, 'name')).toBe('请填写此项。')
    expect(errorOf(page, 'password')).toBe('至少 8 个字符。')
  })
})

describe('the public address', () => {
  it.each([
    '',
    'ftp://sso.example.com',
    'https://',
    'https://user:secret@sso.example.com',
    'https://sso.example.com/path',
    'https://sso.example.com/?a=b',
    'https://sso.example.com/#top',
    'http://sso.example.com',
    'javascript:alert(1)',
    `https://${'x'.repeat(3000)}.example.com`,
  ])('%j is refused by both buttons', async (issuer) => {
    await begin('address')
    await refused('issuer', { issuer })
    await refused('issuer', { issuer }, 'check')
    await accepted({})
  })
})

describe('the client', () => {
  it.each(['', '  ', 'a\u0007b', 'x'.repeat(101)])('named %j is refused', async (name) => {
    await begin('connect')
    await refused('name', { name })
    await accepted({ name: '制作云' })
  })
})

describe('the first person', () => {
  it.each([
    ['username', { username: '' }],
    ['username', { username: 'a\u202Eb' }],
    ['username', { username: ADMINISTRATOR.username }],
    ['name', { name: '' }],
    ['phone', { phone: '' }],
    ['phone', { phone: '1.38E+10' }],
    ['phone', { phone: '12345' }],
    ['password', { password: '' }],
    ['password', { password: 'short' }],
  ])('%s: %j is refused, and its right twin accepted', async (field, wrong) => {
    await begin('person')
    await refused(field, { ...PERSON, ...wrong })
    await accepted(PERSON)
  })

  it('with the phone number of somebody else is refused', async () => {
    await server.addUser('bob', { phone: '+8613800138000', phoneVerified: true })
    await begin('person')
    await refused('phone', PERSON)
    await accepted({ ...PERSON, phone: '13900139000' })
  })

  it('with the user name and the number of others is told of both', async () => {
    await server.addUser('alice', { phone: '+8613800138000', phoneVerified: true })
    await begin('person')
    await refused('username', PERSON)
    await refused('phone', PERSON)
    await accepted({ ...PERSON, username: 'carol', phone: '13900139000' })
  })

  it('is not said to be verified unless the box is ticked', async () => {
    await begin('person')
    const { phone_verified: _, ...unticked } = PERSON
    await accepted(unticked)
    expect((await server.store.findUserByUsername('alice'))?.phoneVerified).toBe(false)
  })
})

describe('blanks in a user name', () => {
  it.each([
    ['en', /no blanks inside: people type it at sign-in/],
    ['zh-CN', /用户名中间不能有空格/],
  ] as const)('are cut off at its ends and refused inside, in %s', async (language, words) => {
    await begin('administrator', language)
    expect(errorOf(await refused('username', { ...ADMINISTRATOR, username: 'zhang san' }), 'username')).toMatch(words)
    await accepted({ ...ADMINISTRATOR, username: '  zhang.san\u3000' })
    expect((await server.store.listUsers('', 1))[0]?.username).toBe('zhang.san')
  })

  it.each(['en', 'zh-CN'] as const)('are refused inside also in a file (%s)', async (language) => {
    await begin('person', language)
    const page = await upload(walk.visitor, walk.page, { csv: 'username,phone\nli si,\n' })
    expect(/<td>2<\/td><td>([^<]*)</.exec(page.html)?.[1]).toMatch(/sees one blank too many|中间含有空格。登录时要输入/)
  })

  it('are left to whoever has them from before', async () => {
    const administratorId = await server.addUser('zhang san')
    await server.store.putFact('set_up_progress', JSON.stringify({ step: 'address', administratorId }))
    const page = await openedBy(new Visitor(), await server.link())
    expect(page.url).toContain('step=address')
    await updateUser(server.server.parts, { userId: administratorId }, { phone: '13700137000' })
    expect((await server.store.findUserByUsername('zhang san'))?.phone).toBe('+8613700137000')
    await expect(updateUser(server.server.parts, 'zhang san', { username: 'li si' })).rejects.toThrow('a blank inside')
  })
})

describe('what is too long', () => {
  it.each([
    ['en', 'This has 129 characters; at most 128 are allowed.', 'This has 1026 bytes; at most 1024 are allowed'],
    ['zh-CN', '共 129 个字符，最多允许 128 个。', '共 1026 字节，最多允许 1024 字节'],
  ])('is told in %s with how long it is and how long it may be', async (language, username, password) => {
    await begin('administrator', language)
    const long = '正'.repeat(342)
    const fields = { ...ADMINISTRATOR, username: 'x'.repeat(129), password: long, password_again: long }
    const page = await walk.visitor.submit(walk.page, 'continue', fields)
    expect(errorOf(page, 'username')).toBe(username)
    expect(errorOf(page, 'password')).toContain(password)
    // Cut off before it was counted.
    const cut = await walk.visitor.submit(walk.page, 'continue', { ...ADMINISTRATOR, name: 'x'.repeat(5000) })
    expect(errorOf(cut, 'name')).toMatch(language === 'en' ? /far too long: at most 256/ : /太长了，最多允许 256/)
  })
})

describe('an address without its scheme', () => {
  it.each([
    ['sso.example.com', 'https://sso.example.com'],
    [' SSO.example.com/ ', 'https://sso.example.com'],
    ['sso.example.com:8443', 'https://sso.example.com:8443'],
    ['https:sso.example.com', 'https://sso.example.com'],
    ['https//sso.example.com', 'https://sso.example.com'],
    ['https：//sso.example.com', 'https://sso.example.com'],
    ['//sso.example.com', 'https://sso.example.com'],
    ['localhost:4000', 'http://localhost:4000'],
    ['https.example.com', 'https://https.example.com'],
    ['sso。example。com', 'https://sso.example.com'],
  ])('%j is told so, and the field holds %s', async (typed, corrected) => {
    await begin('address')
    const before = await state()
    const page = await walk.visitor.submit(walk.page, 'check', { issuer: typed })
    expect(page.status).toBe(422)
    expect(errorOf(page, 'issuer')).toBe(
      `${corrected.split('//')[0]}// was missing, and has been put in front: ${corrected}. Look at it, then press the button once more.`,
    )
    expect(formWith(page, 'check').fields['issuer']).toBe(corrected)
    expect(await state()).toBe(before)
    expect((await walk.visitor.submit(page, 'check', { issuer: corrected })).status).toBe(303)
  })

  it('is told in Chinese too', async () => {
    await begin('address', 'zh-CN')
    const page = await walk.visitor.submit(walk.page, 'check', { issuer: 'sso.example.com' })
    expect(errorOf(page, 'issuer')).toBe('缺少 https://，已为您补上：https://sso.example.com。请核对后再按一次按钮。')
  })

  it.each([
    'hello',
    'ftp://sso.example.com',
    'alice@sso.example.com',
    'javascript:alert(1)',
    '...',
    'a b.example.com',
    `${'sso。'.repeat(400)}a b`,
  ])('%j is none, and stays as it was typed', async (issuer) => {
    await begin('address')
    const page = await refused('issuer', { issuer }, 'check')
    expect(errorOf(page, 'issuer')).toContain('This is not a web address')
  })
})

describe('a file of people', () => {
  const GOOD = 'username,name,phone,phone_verified\nzhang,张三,13800138000,true\nli,李四,13900139000,true\n'

  it.each([
    ['pasted', { csv: GOOD }],
    ['as a file', { file: Buffer.from(`\uFEFF${GOOD}`) }],
  ])('%s brings all of them, and sent twice brings them once', async (_how, content) => {
    await begin('person')
    expect((await upload(walk.visitor, walk.page, content)).status).toBe(303)
    expect((await upload(walk.visitor, walk.page, content)).status).toBe(303)
    expect(await server.store.countUsers()).toBe(3)
    expect((await server.store.findUserByUsername('li'))?.phone).toBe('+8613900139000')
    // Not the administrator, who has no phone number.
    const rehearsal = await walk.visitor.get(`${walk.link}?step=rehearsal`)
    const chosen = /<option value="([^"]+)" selected/.exec(rehearsal.html)?.[1] ?? ''
    expect((await server.store.findUser(chosen))?.phone).toMatch(/^\+861/)
  })

  it('of all of them the rehearsal proposes one who can sign in, and whom 制作云 knows by a number', async () => {
    await begin('person')
    const rows = Array.from({ length: 9 }, (_, n) => `none${n},1380013900${n},true,`)
    const csv = ['username,phone,phone_verified,password', ...rows, 'sun,13600136000,true,obviously fake pass phrase']
    const doubtful = 'zhou,13700137000,,obviously fake pass phrase 2'
    expect((await upload(walk.visitor, walk.page, { csv: [...csv, doubtful].join('\n'), anyway: true })).status).toBe(
      303,
    )
    const rehearsal = await walk.visitor.get(`${walk.link}?step=rehearsal`)
    const chosen = /<option value="([^"]+)" selected/.exec(rehearsal.html)?.[1] ?? ''
    expect((await server.store.findUser(chosen))?.username).toBe('sun')
  })

  it('with bad rows is refused whole, each by its line and reason, and what was pasted stays', async () => {
    await begin('person')
    const before = await state()
    const csv = `${GOOD}wang,王五,1.38E+10,true\nzhang,张三,13700137000,true\n,无名,13600136000,true\n`
    const page = await upload(walk.visitor, walk.page, { csv })
    expect(page.status).toBe(422)
    const lines = [...page.html.matchAll(/<tr><td>(\d+)<\/td><td>([^<]+)<\/td>/g)].map(([, line]) => Number(line))
    expect(lines).toEqual([4, 5, 6])
    expect(page.html).toContain('Excel')
    expect(page.html).toContain('wang,王五,1.38E+10,true')
    expect(await state()).toBe(before)
  })

  it.each([
    ['nothing', {}],
    ['blanks', { csv: ' \n ' }],
    ['a header only', { csv: 'username,name\n' }],
    ['an unknown column', { csv: 'user,phon\nx,1\n' }],
    ['bytes that are no text', { file: Buffer.from([0, 1, 2, 3, 255, 254, 0]) }],
  ])('that holds %s is refused with a reason', async (_what, content) => {
    await begin('person')
    const before = await state()
    const page = await upload(walk.visitor, walk.page, content)
    expect(page.status).toBe(422)
    expect(errorOf(page, 'csv') ?? errorOf(page, 'file')).toBeTruthy()
    expect(await state()).toBe(before)
  })

  it('with bad rows is explained in Chinese to whoever reads Chinese', async () => {
    await begin('person', 'zh-CN')
    const page = await upload(walk.visitor, walk.page, { csv: 'username,phone\nwang,1.38E+10\n' })
    expect(/<td>2<\/td><td>([^<]*)</.exec(page.html)?.[1]).toContain('手机号已被 Excel 变成 1.38E+10')
  })

  it.each([
    ['en', 'csv', /no column &quot;部门&quot;\. To keep a column of your own/],
    ['zh-CN', 'csv', /没有“部门”这一列/],
    ['en', 'file', /no column &quot;部门&quot;\. To keep a column of your own/],
    ['zh-CN', 'file', /没有“部门”这一列/],
  ] as const)(
    'with an unknown column is refused in %s, beside the %s that was used',
    async (language, used, reason) => {
      await begin('person', language)
      const before = await state()
      const text = '姓名,用户名,手机号,手机号已验证,部门\n周八,zhouba,13800138000,是,研发\n'
      const other = used === 'csv' ? 'file' : 'csv'
      const page = await upload(walk.visitor, walk.page, used === 'csv' ? { csv: text } : { file: Buffer.from(text) })
      expect(page.status).toBe(422)
      expect(errorOf(page, used)).toMatch(reason)
      expect(page.html).toContain(`aria-describedby="${used}-error"`)
      expect(page.html).toContain(`<a href="#${used}">`)
      expect(errorOf(page, other)).toBeUndefined()
      expect(page.html).not.toContain(`aria-describedby="${other}-error"`)
      expect(await state()).toBe(before)
      const mended = text.replace('部门', 'custom.department')
      const good = used === 'csv' ? { csv: mended } : { file: Buffer.from(mended) }
      expect((await upload(walk.visitor, walk.page, good)).status).toBe(303)
      expect(await server.store.findUserByUsername('zhouba')).not.toBeNull()
    },
  )

  it.each([
    ['en', /first line has to name the columns, for example: username,/],
    ['zh-CN', /第一行必须是列名，例如：用户名,/],
  ] as const)('without a header is told so in %s, with an example', async (language, reason) => {
    await begin('person', language)
    const before = await state()
    const page = await upload(walk.visitor, walk.page, { csv: '周八,zhouba,13800138000\n' })
    expect(errorOf(page, 'csv')).toMatch(reason)
    expect(await state()).toBe(before)
  })

  const PASSWORD = 'obviously fake passphrase'
  describe.each([
    [
      'en',
      /Nothing has been imported yet/,
      /2 people have no phone number \(lines 3, 5\)/,
      /1 person has a number that is not marked as verified \(line 4\)/,
      'The file has to be chosen again.',
    ],
    ['zh-CN', /尚未导入/, /2 位没有手机号（第 3、5 行）/, /1 位的手机号未标为已验证（第 4 行）/, '文件需要重新选择。'],
  ] as const)('with people whom 制作云 may not accept, in %s', (language, title, without, unverified, choose) => {
    const GAPS = 'username,phone,phone_verified\nzhang,13800138000,true\nli,,\nwu,13900139000,\nbai,,\n'

    it.each(['csv', 'file'] as const)(
      'is told of before anything is imported (%s), and can be all the same',
      async (used) => {
        await begin('person', language)
        const before = await state()
        const content = used === 'csv' ? { csv: GAPS } : { file: Buffer.from(GAPS) }
        const page = await upload(walk.visitor, walk.page, content)
        expect(page.status).toBe(422)
        const said = /id="gaps">(.*?)<\/div><\/div>/.exec(page.html)?.[1] ?? ''
        for (const words of [title, without, unverified]) expect(said).toMatch(words)
        expect(said.includes(choose)).toBe(used === 'file')
        expect(page.html.includes('li,,')).toBe(used === 'csv')
        expect(await state()).toBe(before)
        expect((await upload(walk.visitor, page, { ...content, anyway: true })).status).toBe(303)
        expect(await server.store.findUserByUsername('bai')).not.toBeNull()
      },
    )
  })

  it('of which somebody is disabled says nothing of that person, whom nobody signs in', async () => {
    await begin('person')
    const csv = `${GOOD.split('\n')[0]},enabled\nzhang,张三,13800138000,true,true\nli,李四,,,false\n`
    expect((await upload(walk.visitor, walk.page, { csv })).status).toBe(303)
  })

  it.each([
    ['en', `${ADMINISTRATOR.username} has no phone number`, `Continue with ${ADMINISTRATOR.username}`],
    ['zh-CN', `${ADMINISTRATOR.username} 没有手机号`, `用 ${ADMINISTRATOR.username} 继续`],
  ])(
    'in %s the way on with who is there already names them, and says that they have no phone number',
    async (language, words, way) => {
      await begin('person', language)
      expect(walk.page.html).toContain(`type="submit">${way}</button>`)
      expect(/id="skip-hint">([^<]*)/.exec(walk.page.html)?.[1]).toContain(words)
      await walk.visitor.follow(await walk.visitor.submit(walk.page, 'continue', PERSON))
      const again = await walk.visitor.get(`${walk.link}?step=person`)
      expect(/id="skip-hint">([^<]*)/.exec(again.html)?.[1]).toContain(
        language === 'en' ? '1 of them has' : '其中 1 位',
      )
    },
  )

  it.each([
    ['en', [`zhang,${PASSWORD}`], '1 person has been added.', null],
    ['en', ['zhang,'], '1 person has been added.', 'This person has no password yet'],
    ['en', ['zhang,', 'li,'], '2 people have been added.', 'None of them has a password yet'],
    ['en', [`zhang,${PASSWORD}`, 'li,', 'wu,'], '3 people have been added.', '2 of them have no password yet'],
    ['zh-CN', [`zhang,${PASSWORD}`], '已添加 1 位用户。', null],
    ['zh-CN', ['zhang,', 'li,'], '已添加 2 位用户。', '他们还没有密码'],
    ['zh-CN', [`zhang,${PASSWORD}`, 'li,'], '已添加 2 位用户。', '其中 1 位还没有密码'],
  ] as const)(
    'in %s: %j is followed by how many were added, and who cannot sign in yet',
    async (language, rows, added, lack) => {
      await begin('person', language)
      const reply = await upload(walk.visitor, walk.page, {
        csv: `username,password\n${rows.join('\n')}\n`,
        anyway: true,
      })
      const rehearsal = await walk.visitor.follow(reply)
      expect(rehearsal.url).toContain('step=rehearsal')
      const said = /id="imported">.*?<\/div><\/div>/.exec(rehearsal.html)?.[0] ?? ''
      expect(said).toContain(added)
      expect(readable(said).includes('npx lingpai user set-password')).toBe(lack !== null)
      if (lack !== null) expect(said).toContain(lack)
      await walk.visitor.follow(await walk.visitor.submit(rehearsal, 'continue'))
      const back = await walk.visitor.get(`${walk.link}?step=rehearsal`)
      expect(back.html).not.toContain('id="imported"')
    },
  )

  it('that was followed by a person typed in is spoken of no more', async () => {
    await begin('person')
    const imported = await walk.visitor.follow(
      await upload(walk.visitor, walk.page, { csv: 'username,password\nzhang,\n', anyway: true }),
    )
    expect(imported.html).toContain('id="imported"')
    const person = await walk.visitor.get(`${walk.link}?step=person`)
    const rehearsal = await walk.visitor.follow(await walk.visitor.submit(person, 'continue', PERSON))
    expect(rehearsal.url).toContain('step=rehearsal')
    expect(rehearsal.html).not.toContain('id="imported"')
  })

  it('that nobody sent is not spoken of', async () => {
    await begin('rehearsal')
    expect(walk.page.html).not.toContain('id="imported"')
  })

  it.each([
    ['en', /请重新粘贴：/],
    ['zh-CN', /Please paste it again: /],
  ] as const)(
    'that was pasted in %s is asked for again in the other language, and only then',
    async (language, again) => {
      await begin('person', language)
      const csv = 'username,phone,password\nwang,1.38E+10,obviously fake passphrase\n'
      const page = await upload(walk.visitor, walk.page, { csv })
      expect(page.html).toContain('obviously fake passphrase')
      expect(page.html).not.toContain('id="paste-again"')
      const switched = await walk.visitor.switchLanguage(page)
      expect(switched.html).toMatch(/<td>2<\/td>/)
      expect(switched.html).not.toContain('obviously fake passphrase')
      expect(/id="paste-again">([^<]*)</.exec(switched.html)?.[1]).toMatch(again)
      expect(switched.html).toContain('aria-describedby="paste-again"')
      expect((await walk.visitor.switchLanguage(switched)).html).toContain('id="paste-again"')
      const file = await upload(walk.visitor, walk.page, { file: Buffer.from(csv) })
      expect((await walk.visitor.switchLanguage(file)).html).not.toContain('id="paste-again"')
    },
  )

  it('from another site is refused', async () => {
    await begin('person')
    const stolen = {
      ...walk.page,
      html: walk.page.html.replaceAll(/name="csrf" value="[^"]*"/g, 'name="csrf" value="no"'),
    }
    expect((await upload(walk.visitor, stolen, { csv: GOOD })).status).toBe(403)
    expect(await server.store.countUsers()).toBe(1)
  })
})

describe('the rehearsal', () => {
  it.each(['', 'nobody'])('as %j is refused', async (user) => {
    await begin('rehearsal')
    await refused('user', { user }, 'rehearse')
  })

  it('of many people asks for a user name, and takes it', async () => {
    for (let count = 0; count < 51; count++) await server.addUser(`person-${count}`, { password: null })
    await begin('rehearsal')
    expect(walk.page.html).toContain('<input id="user"')
    await refused('user', { user: 'nobody' }, 'rehearse')
    await accepted({ user: 'ALICE' }, 'rehearse')
  })
})

it('a form larger than any of ours is refused, and nothing is read from it', async () => {
  await begin('connect')
  const reply = await walk.visitor.submit(walk.page, 'continue', { name: 'x'.repeat(70_000) })
  expect(reply.status).toBe(413)
  expect(await server.store.listClients()).toEqual([])
})

it('a password that nobody has time to hash is asked for again, and the person is not there; a moment later they are', async () => {
  const { store } = server
  let isCrowded = true
  const hasher = {
    hash: async () => {
      if (isCrowded) throw new PasswordHashingBusy()
      return 'a hash of it'
    },
    verify: async () => ({ matches: false, upgrade: false }),
    verifyAgainstNobody: async () => ({ matches: false, upgrade: false }),
  }
  const person = { username: 'wang', name: '王五', password: 'obviously fake person password', phone: null }
  const save = () => savePerson({ store, clock: systemClock(), hasher }, person, null)
  const before = await state()
  expect(await save()).toMatchObject({ problems: { password: { problem: 'text' } } })
  expect(await state()).toBe(before)
  isCrowded = false
  expect(await save()).toMatchObject({ userId: expect.any(String) })
  expect((await store.findUserByUsername('wang'))?.passwordHash).toBe('a hash of it')
})
