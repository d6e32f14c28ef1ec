// What `start` says when it answers, and how a link gets to the browser.

import { isLoopback, sshDestination } from '../options/index.ts'
import type { Locale } from '../pages/index.ts'

export interface Greeting {
  readonly issuer: string
  /** Where the server listens, `host:port`. Null: where the issuer's address says. */
  readonly socket: string | null
  /** The data folder; null with PostgreSQL. */
  readonly data: string | null
  readonly backup: string
  /** Link that opens the set-up, at the first start. */
  readonly link: string | null
  /** Command that opens the set-up again, while the set-up is not finished. */
  readonly setUp: string | null
  /** The issuer of former starts, when this start has another one. */
  readonly formerIssuer: string | null
}

export function greeting(facts: Greeting, language: Locale): string {
  const both = (en: string, zh: string) => (language === 'zh-CN' ? zh : en)
  const { issuer, socket, data, backup, link, setUp, formerIssuer } = facts
  return [
    both(`Lingpai answers at ${issuer}`, `Lingpai 令牌已启动：${issuer}`),
    ...(socket === null
      ? []
      : [
          both(
            `It listens on ${socket}: whatever stands in front of it sends requests there.`,
            `正在监听 ${socket}：前面的代理应把请求转发到这里。`,
          ),
        ]),
    ...(formerIssuer === null
      ? []
      : [
          both(
            `The address was ${formerIssuer} until now: clients have to be told the new one.`,
            `此前的地址是 ${formerIssuer}，请让各客户端改用新地址。`,
          ),
        ]),
    ...(data === null
      ? []
      : [
          both(
            `Everything it keeps is in ${data}. To back it up: ${backup}`,
            `全部数据保存在 ${data}。备份命令：${backup}`,
          ),
        ]),
    ...(link === null
      ? []
      : [
          '',
          both(
            'What to do next: open this link in a browser and answer five short forms. It works once, for a day.',
            '下一步：在浏览器中打开下面的链接，填写五个简短的表单。一天内有效，限用一次。',
          ),
          `\n  ${link}\n`,
          ...throughSsh(link, language),
        ]),
    ...(setUp === null
      ? []
      : [
          both(
            `To go on with the set-up in a browser, by a link that works once, for a day: ${setUp}`,
            `在浏览器中继续设置（链接一天内有效，只能使用一次）：${setUp}`,
          ),
        ]),
    both('Stop it with Ctrl+C.', '按 Ctrl+C 停止。'),
  ].join('\n')
}

/**
 * What somebody who is logged in by ssh has to do first: a link to localhost does not work in the browser of their own
 * machine.
 */
export function throughSsh(link: string, language: Locale): readonly string[] {
  const { hostname, port } = new URL(link)
  const destination = sshDestination()
  if (destination === null || !isLoopback(hostname)) return []
  const told =
    language === 'zh-CN'
      ? '您是通过 ssh 登录的，而 localhost 指的是这台机器。请先在有浏览器的电脑上运行下面的命令（按您平时连接这台机器的写法），并让它一直运行：'
      : 'You are logged in by ssh, and localhost is this machine. Run this first on the computer with the browser, with the name by which you reach this machine, and let it run:'
  return [told, `\n  ssh -N -L ${port}:127.0.0.1:${port} ${destination}\n`]
}
