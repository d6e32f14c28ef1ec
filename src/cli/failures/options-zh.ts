// What is wrong with an option, wherever it was set, in Chinese.

import { type Sentences, translated } from './sentences.ts'

/** What is wrong with a value, as the end of a sentence that begins with where it comes from. */
const VALUES: Sentences = [
  [/^must be a whole number from (\S+) to (\S+)$/, '必须是 $1 到 $2 之间的整数'],
  [/^must be true or false$/, '必须是 true 或 false'],
  [/^must be one of (.+)$/, '必须是下列之一：$1'],
  [/^must be an address such as (\S+)$/, '必须是地址，例如 $1'],
  [/^must be an IP address or a host name, without a port .+$/, '必须是 IP 地址或主机名，不带端口（端口另有选项）'],
  [/^must be a path such as (\/\S+?)(?:: .+)?$/, '必须是路径，例如 $1'],
  [/^must be seconds, or a number with a unit: (.+)$/, '必须是秒数，或带单位的数字：$1'],
  [/^must lie between (.+) and (.+)$/, '必须在 $1 与 $2 之间'],
  [/^must be bytes, or a number with a unit: (.+)$/, '必须是字节数，或带单位的数字：$1'],
  [/^must not be empty$/, '不能为空'],
  [/^must not hold a user name or a password$/, '不能含有用户名或密码'],
  [/^must not hold a query \(.+\)$/, '不能带查询参数'],
  [
    /^holds (".*"), which is neither an IP address nor a network .+$/,
    '中的 $1 既不是 IP 地址，也不是网段（例如 10.0.0.0/8）',
  ],
  [/^must not hold a fragment \(.+\)$/, '不能带片段（#）'],
]

/** One line about options. */
const OPTIONS: Sentences = [
  [
    /^issuer: the stored (\S+) needs TLS, .+ \(--issuer (\S+) --accept-new-issuer\)$/,
    '已保存的公网地址 $1 需要 TLS，而这里没有任何一方提供。请设置 tlsCert 与 tlsKey，或在 trustedProxies 中写上提供 TLS 的代理（--trusted-proxies 127.0.0.1）；只在本机试用时请加上：--issuer $2 --accept-new-issuer',
  ],
  [
    /^issuer: (\S+) needs TLS, .+$/,
    '公网地址 $1 需要 TLS，而这里没有任何一方提供。请设置 tlsCert 与 tlsKey，或在 trustedProxies 中写上提供 TLS 的代理（--trusted-proxies 127.0.0.1）',
  ],
  [
    /^(.+): (\S+) would send passwords and tokens unencrypted over the network; .+$/,
    '$1：$2 会让密码和令牌以明文经过网络。请改用 https://，并设置 tlsCert 与 tlsKey，或在提供 TLS 的代理之后设置 trustedProxies',
  ],
  [
    /^database: with PostgreSQL the master key must be given to every node: .+$/,
    '使用 PostgreSQL 时，每个节点都要给出同一个主密钥：请设置 LINGPAI_MASTER_KEY 或 LINGPAI_MASTER_KEY_FILE',
  ],
  [
    /^(.+) is above 1 without database; .+$/,
    '$1 大于 1 需要 PostgreSQL（database）：SQLite 同一时刻只允许一个进程写入',
  ],
  [/^(.+) is set without (tlsCert|tlsKey) \((\S+)\); .+$/, '设置了 $1，却没有设置 $2（$3）；TLS 两者都需要'],
  [/^(.+) is also the port of the server; .+$/, '$1 与服务器的端口相同；指标需要单独的端口'],
  [/^(.+) is set without metricsPort \((\S+)\); .+$/, '设置了 $1，却没有设置 metricsPort（$2）；没有端口就不提供指标'],
  [/^(\S+) is no variable of ours; did you mean (\S+)\?$/, '没有 $1 这个环境变量，是否想写 $2？'],
  [/^(\S+) is no variable of ours$/, '没有 $1 这个环境变量'],
  [/^(.+) line (\d+): "(.+)" is no option; did you mean "(.+)"\?$/, '$1 第 $2 行：没有“$3”这个选项，是否想写“$4”？'],
  [/^(.+) line (\d+): "(.+)" is no option$/, '$1 第 $2 行：没有“$3”这个选项'],
  [/^(.+) and (.+) are both set; set only one of them$/, '$1 与 $2 只能设置其中之一'],
]

/** Null: not known. */
export function optionInChinese(line: string): string | null {
  const whole = translated(line, OPTIONS)
  if (whole !== null) return `${whole}${/[？]$/.test(whole) ? '' : '。'}`
  const [, place = '', problem = '', given] =
    /^(\S+|.+ line \d+: \S+) ((?:must|holds) .+?)(?:, not (".*"|\d+|true|false))?$/.exec(line) ?? []
  const value = translated(problem, VALUES)
  if (value === null) return null
  return `${place.replace(/ line (\d+): /, ' 第 $1 行：')} ${value}${given === undefined ? '' : `，而不是 ${given}`}。`
}
