// Which browser a session is in, as a person would name it: no more than tells two of their own apart. Versions and the
// rest of a user agent are not kept.

export const BROWSERS = [
  'wecom',
  'wechat',
  'dingtalk',
  'feishu',
  'qq',
  'uc',
  'quark',
  'huawei',
  'xiaomi',
  'oppo',
  'vivo',
  'samsung',
  'edge',
  'opera',
  'firefox',
  'chrome',
  'safari',
] as const
export type BrowserName = (typeof BROWSERS)[number]

export const SYSTEMS = ['harmonyos', 'ipad', 'iphone', 'android', 'windows', 'chromeos', 'mac', 'linux'] as const
export type SystemName = (typeof SYSTEMS)[number]

/** Null: not one of those that are known. */
export interface BrowserKind {
  readonly browser: BrowserName | null
  readonly system: SystemName | null
}

/** Two words with a slash between; empty: nothing is known. */
export function browserKindText(kind: BrowserKind | undefined): string {
  return kind === undefined || (kind.browser === null && kind.system === null)
    ? ''
    : `${kind.browser ?? ''}/${kind.system ?? ''}`
}

/** What a newer release has written and this one does not know is nothing. */
export function readBrowserKind(text: string): BrowserKind | undefined {
  const [first, second] = text.split('/')
  const browser = BROWSERS.find((name) => name === first) ?? null
  const system = SYSTEMS.find((name) => name === second) ?? null
  return browser === null && system === null ? undefined : { browser, system }
}
