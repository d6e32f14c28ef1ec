// 为没有浏览器的设备作答的页面（zh-CN）。

import { type Content, html } from '../markup/html.ts'
import type { Words } from './en.ts'

export const device: Words['device'] = {
  title: '连接设备',
  lead: '请输入设备上显示的代码。',
  label: '代码',
  hint: '8 个字母，连字符可以不输。',
  submit: '继续',
  errors: {
    missing: '请先输入代码。',
    unknown: '没有这个代码，或它已过期。请再看一下设备，它可能已显示新的代码。',
  },
  wait: (seconds: number) => `输入了太多不存在的代码。请等待 ${seconds} 秒后再试。`,
  confirm: {
    title: (client: string) => `要在“${client}”上登录吗？`,
    lead: (client: Content) => html`${client}正在等待您的答复，并在设备上显示以下代码：`,
    warning:
      '请确认这台设备就在您面前，并且是您自己在上面开始的登录，然后再继续。如果代码或链接是别人发给您的，继续之后对方会以您的身份登录。',
    allow: '是我的设备，继续',
    deny: '不是，停止',
  },
  allowed: {
    title: '请回到您的设备',
    lead: '几秒钟内设备会自动继续。您可以关闭此页面。',
  },
  denied: {
    title: '设备不会得到任何内容',
    lead: '设备会得知您已拒绝。您可以关闭此页面。',
  },
}
