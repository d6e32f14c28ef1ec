// The words in zh-CN of the pages of a person's own account.

import { type Content, html } from '../html.ts'
import type { Words } from './en.ts'

export const account: Words['account'] = {
  title: '我的账号',
  signedInAs: (name: Content) => html`当前登录：${name}`,
  another: '使用其他账号',
  contents: '本页内容',
  done: {
    withdrawn: (client: Content) => html`已撤回对“${client}”的授权。其访问已终止，下次会再次征求您的同意。`,
    withdrawnPlain: '已撤回授权。相关访问已终止，下次会再次征求您的同意。',
    nothing_to_withdraw: '没有需要撤回的授权：该应用已没有您的授权。',
    signed_out: '已在另一浏览器上退出登录。',
    session_gone: '该浏览器此前已退出登录。',
    signed_out_elsewhere: (count: number) =>
      count === 0 ? '您没有在其他地方登录。' : `已在其他 ${count} 个浏览器上退出登录。`,
  },
  doneTitles: {
    withdrawn: '已撤回授权',
    nothing_to_withdraw: '没有可撤回的授权',
    signed_out: '已在该处退出登录',
    session_gone: '该处已退出登录',
    signed_out_elsewhere: '已在其他地方退出登录',
  },
  applications: '您已授权的应用',
  applicationsHint: '由您所在的组织直接接入、无需您同意的应用不在此列出。',
  noApplications: '您还没有授权任何应用。有应用请求您的信息时，会先由您决定，之后您可以在这里看到它。',
  since: (date: Content) => html`授权于 ${date}`,
  data: '可获得：',
  resources: '可代表您使用：',
  between: '、',
  withdraw: '撤回授权',
  withdrawFrom: (client: string) => `：${client}`,
  sessions: '您的登录位置',
  sessionsHint: '有您不认识的？请在该处退出登录，并修改密码。',
  here: '当前浏览器',
  elsewhere: '其他浏览器',
  signedIn: (moment: Content) => html`登录于 ${moment}`,
  lastUsed: (ago: Content) => html`最近使用：${ago}`,
  justNow: '刚刚',
  usedFor: (applications: Content) => html`用于 ${applications}`,
  signOutHere: '退出登录',
  signOutThere: '在该处退出登录',
  signOutWhich: (moment: string) => `：登录于 ${moment}`,
  nowhereElse: '您没有在其他地方登录。',
  signOutElsewhere: '在其他所有地方退出登录',
  signOutElsewhereHint: '您允许应用在您离开时进行的访问不受影响；如需终止，请在上方撤回授权。',
  withdrawal: {
    title: (client: string) => `撤回对“${client}”的授权？`,
    lead: '撤回之后：',
    effects: (client: Content) => [
      html`${client} 立即无法再读取您的任何信息，您离开时也不例外。`,
      html`下次您用本账号登录该应用时，会再次征求您的同意。`,
      html`您在该应用中可能仍处于登录状态；如不需要，请在应用中也退出登录。`,
      html`它此前已获得的信息不会因此删除；如需删除，请联系该应用的运营者。`,
    ],
    contact: '联系方式',
    confirm: '撤回授权',
    cancel: '保持不变',
  },
}
