// English words of the pages of a person's own account.

import type { BrowserName, SystemName } from '../../model/browser-kind.ts'
import { type Content, html } from '../markup/html.ts'

const browsers = (count: number) => (count === 1 ? 'One other browser was' : `${count} other browsers were`)

export const account = {
  title: 'Your account',
  signedInAs: (name: Content) => html`Signed in as ${name}`,
  another: 'Use another account',
  password: 'Change your password',
  contents: 'On this page',
  done: {
    withdrawn: (client: Content) =>
      html`You have withdrawn your permission for ${client}. Its access has ended; it will ask you again next time.`,
    withdrawnPlain: 'You have withdrawn your permission. The access has ended; you will be asked again next time.',
    nothing_to_withdraw: 'There was nothing to withdraw: this application has no permission of yours any more.',
    signed_out: 'The other browser is signed out.',
    session_gone: 'That browser was signed out already.',
    signed_out_elsewhere: (count: number) =>
      count === 0 ? 'You were signed in nowhere else.' : `${browsers(count)} signed out.`,
    password_changed: 'Your password is changed. Everywhere else you are signed out now.',
  },
  doneTitles: {
    withdrawn: 'Permission withdrawn',
    nothing_to_withdraw: 'Nothing to withdraw',
    signed_out: 'Signed out there',
    session_gone: 'Signed out already',
    signed_out_elsewhere: 'Signed out everywhere else',
    password_changed: 'Password changed',
  },
  applications: 'Applications you have let in',
  applicationsHint: 'Applications that your organisation connects without asking you are not listed here.',
  noApplications:
    'You have not let in any application. When one asks for your data, you decide first, and find it here afterwards.',
  since: (moment: Content) => html`Since ${moment}`,
  inZone: (moment: string, zone: string) => `${moment} (${zone})`,
  data: 'Receives: ',
  resources: 'May use in your name: ',
  between: ', ',
  withdraw: 'Withdraw',
  withdrawFrom: (client: string) => ` permission for ${client}`,
  sessions: 'Where you are signed in',
  sessionsHint: 'Do you not recognise one? Change your password: that signs it out too.',
  here: 'This browser',
  elsewhere: 'Another browser',
  signedIn: (moment: Content) => html`Signed in ${moment}`,
  lastUsed: (ago: Content) => html`Last used ${ago}`,
  justNow: 'just now',
  usedFor: (applications: Content) => html`Used for ${applications}`,
  signOutHere: 'Sign out',
  signOutThere: 'Sign out there',
  signOutWhich: (browser: string, moment: string) =>
    browser === '' ? `, signed in ${moment}` : `, ${browser}, signed in ${moment}`,
  browserOn: (browser: string, system: string) => `${browser} on ${system}`,
  browserNames: {
    wecom: 'WeCom',
    wechat: 'WeChat',
    dingtalk: 'DingTalk',
    feishu: 'Feishu',
    qq: 'QQ Browser',
    uc: 'UC Browser',
    quark: 'Quark',
    huawei: 'Huawei Browser',
    xiaomi: 'Mi Browser',
    oppo: 'OPPO Browser',
    vivo: 'vivo Browser',
    samsung: 'Samsung Internet',
    edge: 'Edge',
    opera: 'Opera',
    firefox: 'Firefox',
    chrome: 'Chrome',
    safari: 'Safari',
  } satisfies Readonly<Record<BrowserName, string>>,
  systemNames: {
    harmonyos: 'HarmonyOS',
    ipad: 'iPad',
    iphone: 'iPhone',
    android: 'Android',
    windows: 'Windows',
    chromeos: 'ChromeOS',
    mac: 'Mac',
    linux: 'Linux',
  } satisfies Readonly<Record<SystemName, string>>,
  nowhereElse: 'You are signed in nowhere else.',
  signOutElsewhere: 'Sign out everywhere else',
  signOutElsewhereHint:
    'What you have allowed applications while you are away goes on; to end that, withdraw it above.',
  withdrawal: {
    title: (client: string) => `Withdraw your permission for ${client}?`,
    lead: 'This is what happens:',
    effects: (client: Content) => [
      html`${client} can read nothing about you any more, from now on, also while you are away.`,
      html`The next time you sign in to it with this account, you are asked again.`,
      html`You may still be signed in there: sign out there too, if you do not want that.`,
      html`What it has received before stays with it. To have that deleted, ask whoever runs it.`,
    ],
    contact: 'Contact',
    confirm: 'Withdraw',
    cancel: 'Change nothing',
  },
}
