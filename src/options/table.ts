// THE table of options: every option of the server once. Flags, variables, YAML keys, help and the reference page are
// made from it.

import { oneOf } from '../model/setting.ts'
import { DATABASE_ROWS } from './database-rows.ts'
import { issuerAddress } from './issuer.ts'
import { KEY_ROWS } from './key-rows.ts'
import {
  colour,
  hosts,
  hostsWithPorts,
  link,
  listenAddress,
  networks,
  orNull,
  path,
  prefixPath,
  secretText,
  span,
  wholeNumber,
  words,
  yesOrNo,
} from './kinds.ts'
import { LIFETIME_ROWS } from './lifetime-rows.ts'
import { LIMIT_ROWS } from './limit-rows.ts'
import { REGISTRATION_ROWS } from './registration-rows.ts'
import { type Row, row } from './row.ts'

const NONE: readonly string[] = []

const optional = row<string | null>

const TABLE = {
  data: row({
    kind: path,
    default: './data',
    isPath: true,
    en: 'Data folder: database and master key; lingpai.yaml and the folder proof, where you make them. The first start creates it for its owner only.',
    zh: '数据目录：数据库与主密钥，以及您放入的 lingpai.yaml 与 proof 目录。首次启动时创建，仅所有者可访问。',
  }),
  host: row({
    kind: listenAddress,
    default: '127.0.0.1',
    en: 'Address to listen on. 0.0.0.0 or :: accepts connections from other machines.',
    zh: '监听地址。0.0.0.0 或 :: 接受其他机器的连接。',
  }),
  port: row({
    kind: wholeNumber(0, 65_535),
    default: 4000,
    en: 'Port to listen on. 0 takes a free one and prints it.',
    zh: '监听端口。0 表示自动选择空闲端口并打印出来。',
  }),
  issuer: optional({
    kind: orNull(issuerAddress),
    default: null,
    defaultText: 'the stored issuer; at the first start http://localhost:PORT',
    en: 'Public address, under which clients and browsers reach the server. Stored at the first start.',
    zh: '客户端与浏览器访问本服务所用的公开地址。首次启动时保存。',
  }),
  acceptNewIssuer: row({
    kind: yesOrNo,
    default: false,
    places: ['flag', 'environment'],
    en: 'Lets an issuer that differs from the stored one replace it. Clients must be told the new one.',
    zh: '允许用新的 issuer 取代已保存的 issuer。所有客户端都需要改用新的地址。',
  }),
  endpointPrefix: row({
    kind: prefixPath,
    default: '/sso',
    en: 'Path between the issuer and the endpoints: issuer + prefix + /authorize.',
    zh: 'issuer 与各端点之间的路径：issuer + 前缀 + /authorize。',
  }),
  stopDelay: row({
    kind: span(0, 300),
    default: 0,
    en: 'How long the server goes on after SIGTERM or Ctrl+C, while /readyz already answers 503: as long as a load balancer needs to notice. A second signal ends it at once.',
    zh: '收到 SIGTERM 或 Ctrl+C 后继续服务多久，其间 /readyz 已应答 503：负载均衡需要多久察觉就设多久。再次收到信号则立即结束。',
  }),
  metricsPort: row<number | null>({
    kind: orNull(wholeNumber(0, 65_535)),
    default: null,
    defaultText: 'none: nobody is told',
    en: 'Port at which Prometheus, or what reads its format, finds /metrics: numbers about requests, the database and this process, without TLS and without a password. 0 takes a free one.',
    zh: 'Prometheus（或能读取其格式的工具）访问 /metrics 的端口，提供请求、数据库与进程的数据，不使用 TLS，也不需要密码。0 表示自动选择空闲端口。',
  }),
  metricsHost: row({
    kind: listenAddress,
    default: '127.0.0.1',
    en: 'Address for metricsPort. With another than this machine alone, let only those in who gather metrics.',
    zh: 'metricsPort 的监听地址。若不限于本机，请只允许采集指标的机器访问。',
  }),
  ...DATABASE_ROWS,
  trustedProxies: row({
    kind: networks,
    default: NONE,
    en: 'Reverse proxies whose X-Forwarded-For, -Proto and -Host headers are believed.',
    zh: '可信的反向代理：仅采信它们发送的 X-Forwarded-For、-Proto、-Host 请求头。',
  }),
  alternativeHosts: row({
    kind: hosts,
    default: NONE,
    en: "Further hosts under which requests are answered; without a scheme the issuer's is meant.",
    zh: '除 issuer 之外也应答请求的主机名；不写协议时与 issuer 相同。',
  }),
  outboundAllow: row({
    kind: hostsWithPorts,
    default: NONE,
    en: 'Hosts with their ports that may be asked for keys and documents of clients, or told of sign-outs, although they are not public, or without TLS. All others must be public and speak https. For clients that nobody has approved they are not asked: see outboundAllowStrangers.',
    zh: '允许服务器访问的非公网或不使用 TLS 的主机与端口，用于获取客户端的公钥与文档，以及通知退出登录。其余地址必须位于公网并使用 https。未经核准的客户端不适用，见 outboundAllowStrangers。',
  }),
  outboundAllowStrangers: row({
    kind: yesOrNo,
    default: false,
    en: 'The hosts of outboundAllow are asked for unverified clients too: those that registered themselves and were not approved, and those that are known by a document. Anybody who can make such a client can then have these hosts asked.',
    zh: '为未经核实的客户端（自行注册而未经核准，或以文档标识）也访问 outboundAllow 中的主机。任何能创建此类客户端的人都可以让服务器访问这些主机。',
  }),
  tlsCert: optional({
    kind: orNull(path),
    default: null,
    isPath: true,
    en: 'Certificate chain (PEM). Read again when the file changes.',
    zh: '证书链文件（PEM）。文件变化时自动重新读取。',
  }),
  tlsKey: optional({
    kind: orNull(path),
    default: null,
    isPath: true,
    en: 'Private key of the certificate (PEM).',
    zh: '证书的私钥文件（PEM）。',
  }),
  masterKey: optional({
    kind: orNull(secretText),
    default: null,
    defaultText: 'DATA/master.key, made at the first start; required with PostgreSQL',
    places: ['environment'],
    secret: 'whole',
    en: 'Master key: 32 bytes as 43 characters of base64url. Whoever has it can open everything that is sealed.',
    zh: '主密钥：32 字节，base64url 编码为 43 个字符。持有它即可解开全部加密数据。',
  }),
  masterKeyFile: optional({
    kind: orNull(path),
    default: null,
    places: ['environment', 'file'],
    isPath: true,
    en: 'File that holds the master key.',
    zh: '存放主密钥的文件。',
  }),
  language: optional({
    kind: orNull(oneOf('zh-CN', 'en')),
    default: null,
    defaultText: 'the language of the system: LC_ALL, LC_MESSAGES or LANG',
    places: ['environment'],
    en: 'Language in which commands speak to people at a terminal: the start, the link of the set-up, what goes wrong. Not of logs, `--json`, `--help` and pages.',
    zh: '命令在终端向人显示的语言：启动、设置链接、出错提示等。不影响日志、`--json`、`--help` 与页面。',
  }),
  defaultLocale: row({
    kind: oneOf('zh-CN', 'en'),
    default: 'zh-CN',
    en: 'Language of pages when neither the client nor the browser asks for a known one.',
    zh: '客户端与浏览器都未指定受支持的语言时页面所用的语言。',
  }),
  proofFolder: optional({
    kind: orNull(path),
    default: null,
    isPath: true,
    en: 'Folder of the files MP_verify_….txt and WW_verify_….txt, which are served at the root.',
    zh: '存放 MP_verify_….txt 与 WW_verify_….txt 的目录，这些文件在根路径下提供。',
  }),
  implicitAndHybrid: row({
    kind: yesOrNo,
    default: false,
    en: 'Clients that are registered for it may have tokens straight from the authorization endpoint (id_token, code id_token, …). Codes alone are safer.',
    zh: '允许已登记的应用在授权端点直接获得令牌（id_token、code id_token 等）。仅使用授权码更安全。',
  }),
  unsignedJwt: row({
    kind: yesOrNo,
    default: false,
    en: 'Clients that are registered for it may send request objects without a signature, which anybody can make, and get ID tokens without one by the code flow.',
    zh: '允许已登记的应用发送不带签名的请求对象（任何人都可以伪造），并在授权码流程中获得不带签名的 ID 令牌。',
  }),
  encryptedRequests: row({
    kind: yesOrNo,
    default: false,
    en: 'Publishes keys beside the signing keys that clients may encrypt their request objects with.',
    zh: '与签名公钥一同公布加密公钥，应用可用其加密请求对象。',
  }),
  frontChannelLogout: row({
    kind: yesOrNo,
    default: false,
    en: 'After a sign-out the page loads the frontchannel_logout_uri of the clients concerned in frames. Browsers that block cookies of other sites make it useless; backchannel_logout_uri needs none.',
    zh: '退出登录后，页面以框架加载相关应用的 frontchannel_logout_uri。浏览器阻止第三方 Cookie 时无效；backchannel_logout_uri 不受影响。',
  }),
  sessionManagement: row({
    kind: yesOrNo,
    default: false,
    en: 'Pages of clients may ask a frame of this server whether the person is still signed in (check_session_iframe, session_state). Browsers that block cookies of other sites always say that something has changed.',
    zh: '允许应用的页面通过本服务的框架查询登录状态是否变化（check_session_iframe、session_state）。浏览器阻止第三方 Cookie 时总是显示有变化。',
  }),
  accountPage: row<'on' | 'off'>({
    kind: oneOf('on', 'off'),
    default: 'on',
    en: 'Gives people a page, PREFIX/account, on which they see which applications they have let in and where they are signed in, and end either by themselves. Without it only an operator can.',
    zh: '为用户提供页面“前缀/account”，用户可自行查看已授权的应用与登录位置，并撤回授权或退出登录。关闭后只能由管理员操作。',
  }),
  logLevel: row({
    kind: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
    en: 'Least serious messages that are logged.',
    zh: '日志级别。',
  }),
  logFormat: row({
    kind: oneOf('text', 'json'),
    default: 'text',
    en: 'Log lines for people, or one JSON object a line.',
    zh: '日志格式：便于阅读的文本，或每行一个 JSON 对象。',
  }),

  ...KEY_ROWS,

  'brand.productName': optional({
    kind: orNull(words),
    default: null,
    defaultText: 'brand.operatorName, else Lingpai 令牌',
    en: 'Name in the header and the title of every page.',
    zh: '页眉与页面标题中显示的产品名称。',
  }),
  'brand.logo': optional({
    kind: orNull(path),
    default: null,
    isPath: true,
    en: 'Logo file: SVG, PNG, JPEG, WebP or GIF, at most 64 KiB.',
    zh: '徽标文件：SVG、PNG、JPEG、WebP 或 GIF，不超过 64 KiB。',
  }),
  'brand.accent': optional({
    kind: orNull(colour),
    default: null,
    defaultText: 'jade',
    en: 'Colour of buttons and links. Text on it is chosen so that it can be read.',
    zh: '按钮与链接的主题色，文字颜色会自动保证可读。',
  }),
  'brand.operatorName': optional({
    kind: orNull(words),
    default: null,
    defaultText: 'what the set-up has stored',
    en: 'Who runs the server: the name of the company. It stands in the header of every page, or in the footer where brand.productName is set too. The set-up asks for it; what is given here comes first.',
    zh: '运营者名称，即公司名称。显示在每个页面的页眉；设置了 brand.productName 时显示在页脚。初始设置会询问此项，此处给出的优先。',
  }),
  'brand.icp': optional({
    kind: orNull(words),
    default: null,
    en: 'ICP filing number for the footer.',
    zh: '页脚显示的 ICP 备案号，如 京ICP备12345678号-1。',
  }),
  'brand.gongan': optional({
    kind: orNull(words),
    default: null,
    en: 'Public security filing for the footer.',
    zh: '页脚显示的公安备案号，如 京公网安备 11010802012345号。',
  }),
  'brand.gonganCode': optional({
    kind: orNull(words),
    default: null,
    defaultText: 'the digits of brand.gongan',
    en: 'Record code in the link of the public security filing.',
    zh: '公安备案链接中的编号。',
  }),
  'brand.privacyUrl': optional({
    kind: orNull(link),
    default: null,
    en: 'Privacy policy, linked in the footer and on the consent page.',
    zh: '隐私政策地址，显示在页脚与授权页。',
  }),
  'brand.termsUrl': optional({
    kind: orNull(link),
    default: null,
    en: 'User agreement, linked in the footer and on the sign-in page.',
    zh: '用户协议地址，显示在页脚与登录页。',
  }),

  ...LIFETIME_ROWS,
  ...LIMIT_ROWS,
  ...REGISTRATION_ROWS,
} as const

type Table = typeof TABLE
type Flat = { readonly [Key in keyof Table]: Table[Key] extends Row<infer T> ? T : never }
type Group<Prefix extends string> = {
  readonly [Key in keyof Flat as Key extends `${Prefix}.${infer Name}` ? Name : never]: Flat[Key]
}

export type OptionKey = keyof Table

/** Every option with its effective value; paths are absolute. `issuer` is null until one is given or stored. */
export type Options = { readonly [Key in keyof Flat as Key extends `${string}.${string}` ? never : Key]: Flat[Key] } & {
  readonly keys: Group<'keys'>
  readonly brand: Group<'brand'>
  readonly lifetimes: Group<'lifetimes'>
  readonly registration: Group<'registration'>
  readonly limits: {
    readonly guessing: Group<'limits.guessing'>
    readonly interactions: Group<'limits.interactions'>
  }
}

/** The rows without their types: for everything that treats all options alike. */
export const ROWS: ReadonlyMap<string, Row<unknown>> = new Map<string, Row<unknown>>(Object.entries(TABLE))
