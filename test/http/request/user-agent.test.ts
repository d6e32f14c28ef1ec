// The names that people know their browsers by, from what the browsers say: a table of real user agents.

import { describe, expect, it } from 'vitest'
import { browserKindOf } from '../../../src/http/request/user-agent.ts'
import { BROWSERS, browserKindText, readBrowserKind, SYSTEMS } from '../../../src/model/browser-kind.ts'

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)'
const PC = `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/137.0.0.0 Safari/537.36`
const PHONE = (more: string) =>
  `Mozilla/5.0 (Linux; Android 14; 23127PN0CC) ${WEBKIT} Version/4.0 Chrome/118.0.0.0 ${more} Mobile Safari/537.36`
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)'

const table = [
  [PC, 'chrome/windows'],
  [PC.replace('Chrome/', 'HeadlessChrome/'), 'chrome/windows'],
  [`${PC} Edg/137.0.0.0`, 'edge/windows'],
  [`${PC} OPR/120.0.0.0`, 'opera/windows'],
  [`${PC} QQBrowser/14.2.6011.400`, 'qq/windows'],
  [
    `${PC} NetType/WIFI MicroMessenger/7.0.20.1781(0x6700143B) WindowsWechat(0x63090a13) XWEB/9129 Flue`,
    'wechat/windows',
  ],
  [`${PC} wxwork/4.1.38 MicroMessenger/7.0.1`, 'wecom/windows'],
  [`${PC} Lark/7.46.6`, 'feishu/windows'],
  ['Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0', 'firefox/windows'],
  ['Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'firefox/linux'],
  [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${WEBKIT} Chrome/137.0.0.0 Safari/537.36`, 'chrome/chromeos'],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
    'safari/mac',
  ],
  [`${IPHONE} Version/18.5 Mobile/15E148 Safari/604.1`, 'safari/iphone'],
  [`${IPHONE} CriOS/137.0.7151.79 Mobile/15E148 Safari/604.1`, 'chrome/iphone'],
  [`${IPHONE} FxiOS/140.0 Mobile/15E148 Safari/605.1.15`, 'firefox/iphone'],
  [`${IPHONE} Version/18.0 EdgiOS/137.0 Mobile/15E148 Safari/604.1`, 'edge/iphone'],
  [`${IPHONE} Mobile/15E148 MicroMessenger/8.0.61(0x18003d28) NetType/WIFI Language/zh_CN`, 'wechat/iphone'],
  [`${IPHONE} Mobile/15E148 AliApp(DingTalk/7.6.45) com.laiwang.DingTalk/39127712`, 'dingtalk/iphone'],
  [
    'Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 Version/16.6 Mobile/15E148 Safari/604.1',
    'safari/ipad',
  ],
  [PHONE('XiaoMi/MiuiBrowser/18.4.120408'), 'xiaomi/android'],
  [PHONE('HuaweiBrowser/15.0.4.312'), 'huawei/android'],
  [PHONE('HeyTapBrowser/40.8.9.1'), 'oppo/android'],
  [PHONE('VivoBrowser/22.4.0.1'), 'vivo/android'],
  [PHONE('SamsungBrowser/27.0'), 'samsung/android'],
  [PHONE('UCBrowser/16.7.8.1302'), 'uc/android'],
  [PHONE('Quark/7.4.5.680'), 'quark/android'],
  [PHONE('MQQBrowser/14.9'), 'qq/android'],
  [
    `Mozilla/5.0 (Phone; OpenHarmony 5.0) ${WEBKIT} Chrome/132.0.0.0 Safari/537.36 ArkWeb/4.1 Mobile HuaweiBrowser/5.1`,
    'huawei/harmonyos',
  ],
  [`Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/537.36 SomeTV/2.0`, '/linux'],
  ['curl/8.14.1', ''],
  ['', ''],
  [`${'x'.repeat(600)} Chrome/137.0.0.0`, ''],
] as const

describe('a user agent', () => {
  it.each(table)('%s is %s', (userAgent, kind) => {
    expect(browserKindText(browserKindOf(userAgent))).toBe(kind)
  })

  it('that was not sent is nothing', () => {
    expect(browserKindText(browserKindOf(undefined))).toBe('')
  })

  it('of every browser and system is in the table', () => {
    const seen = new Set(table.flatMap(([, kind]) => kind.split('/')))
    expect([...BROWSERS, ...SYSTEMS].filter((name) => !seen.has(name))).toEqual([])
  })
})

describe('what is kept', () => {
  it.each(['chrome/windows', 'wechat/', '/linux'])('comes back as it was: %s', (kind) => {
    expect(browserKindText(readBrowserKind(kind))).toBe(kind)
  })

  it.each(['', '/', 'netscape/beos', '<b>/<i>'])('is nothing where it is not known: %s', (kind) => {
    expect(readBrowserKind(kind)).toBeUndefined()
  })
})
