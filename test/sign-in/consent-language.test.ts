// What the consent page says of the recipient and the purpose: a preset's own text in the language of the reader, an
// operator's own as it was written.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { presetNamed } from '../../src/administration/presets/index.ts'
import { ask, signIn } from '../support/authorize.ts'
import { CALLBACK, startServer, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const { recipient, purpose } = presetNamed('zhizuoyun').settings
const TENCENT = { en: 'Tencent Cloud, 制作云', 'zh-CN': '腾讯云 制作云' }
const LOGIN = {
  en: 'To sign you in to 制作云, and to create or link your 制作云 account by your phone number',
  'zh-CN': '登录制作云，并以手机号创建或绑定您的制作云账号',
}
const OWN = '用于公司的视频制作'
const OWN_ENGLISH = 'For the videos of the company'
const same = (text: string) => ({ en: text, 'zh-CN': text })

const clients = [
  { id: 'as-it-is', preset: 'zhizuoyun', settings: {}, recipient: TENCENT, purpose: LOGIN },
  { id: 'own-purpose', preset: 'zhizuoyun', settings: { purpose: OWN }, recipient: TENCENT, purpose: same(OWN) },
  {
    id: 'own-english',
    preset: 'zhizuoyun',
    settings: { purpose: OWN_ENGLISH },
    recipient: TENCENT,
    purpose: same(OWN_ENGLISH),
  },
  { id: 'own-recipient', preset: 'zhizuoyun', settings: { recipient: OWN }, recipient: same(OWN), purpose: LOGIN },
  {
    id: 'no-preset-of-it',
    preset: 'openid-connect',
    settings: { recipient, purpose },
    recipient: same(TENCENT['zh-CN']),
    purpose: same(LOGIN['zh-CN']),
  },
]

let host: TestServer
beforeAll(async () => {
  host = await startServer()
  await host.addUser('alice')
  for (const { id, preset, settings } of clients) {
    await host.addClient(id, preset, { redirect_uris: [CALLBACK], ...settings })
  }
})
afterAll(() => host.close())

const cases = clients.flatMap((client) => (['en', 'zh-CN'] as const).map((locale) => ({ ...client, locale })))

test.each(cases)('$id, read in $locale', async ({ id, locale, recipient, purpose }) => {
  const visitor = new Visitor()
  visitor.language = locale
  const page = await signIn(visitor, await ask(visitor, host, { client_id: id }), 'alice')
  const facts = [...page.html.matchAll(/<dd>([^<]*)<\/dd>/g)].map(([, text]) => text)
  expect(facts[0]).toBe(recipient[locale])
  expect(facts.at(-1)).toBe(purpose[locale])
  expect(page.html).toContain(`<strong>${recipient[locale]}</strong>`)
})
