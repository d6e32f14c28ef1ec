// The browser and the system that a user agent names, for people to recognise their own. Anybody can send any: nothing is
// ever decided by it.

import type { BrowserKind, BrowserName, SystemName } from '../../model/browser-kind.ts'

/** In the order asked: nearly all call themselves Chrome or Safari as well. */
const BROWSER_MARKS: readonly (readonly [BrowserName, RegExp])[] = [
  ['wecom', /\bwxwork\//i],
  ['wechat', /\bMicroMessenger\//i],
  ['dingtalk', /\bDingTalk\b/i],
  ['feishu', /\b(?:Lark|Feishu)\//i],
  ['qq', /\bM?QQBrowser\/|\bQQ\//],
  ['uc', /\bUC ?Browser\//],
  ['quark', /\bQuark\//],
  ['huawei', /\bHuaweiBrowser\//i],
  ['xiaomi', /\bMiuiBrowser\//i],
  ['oppo', /\bHeyTapBrowser\//i],
  ['vivo', /\bVivoBrowser\//i],
  ['samsung', /\bSamsungBrowser\//],
  ['edge', /\bEdg(?:e|A|iOS)?\//],
  ['opera', /\b(?:OPR|OPT|OPiOS|Opera)\//],
  ['firefox', /\b(?:Firefox|FxiOS)\//],
  ['chrome', /(?:Chrome|CriOS)\//],
  ['safari', /\bVersion\/\S+ .*Safari\//],
]

const SYSTEM_MARKS: readonly (readonly [SystemName, RegExp])[] = [
  ['harmonyos', /\b(?:OpenHarmony|HarmonyOS)\b/i],
  ['ipad', /\biPad\b/],
  ['iphone', /\b(?:iPhone|iPod)\b/],
  ['android', /\bAndroid\b/],
  ['windows', /\bWindows\b/],
  ['chromeos', /\bCrOS\b/],
  ['mac', /\bMacintosh\b/],
  ['linux', /\b(?:Linux|X11)\b/],
]

const LONGEST = 512

export function browserKindOf(userAgent: string | undefined): BrowserKind {
  const text = (userAgent ?? '').slice(0, LONGEST)
  return { browser: markedIn(text, BROWSER_MARKS), system: markedIn(text, SYSTEM_MARKS) }
}

function markedIn<Name>(text: string, marks: readonly (readonly [Name, RegExp])[]): Name | null {
  return marks.find(([, mark]) => mark.test(text))?.[0] ?? null
}
