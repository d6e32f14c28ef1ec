// The sentences about a public address, in both languages: what was looked at, what it means, and what to do.

import type { Locale } from '../../pages/index.ts'

export type Said = Readonly<Record<Locale, string>>

const say = (zh: string, en: string): Said => ({ 'zh-CN': zh, en })

export const what = {
  restart: say('重新启动', 'Restart'),
  address: say('地址本身', 'The address itself'),
  name: say('域名解析（DNS）', 'The name (DNS)'),
  port: say('端口', 'Port'),
  chain: say('证书链', 'Certificate chain'),
  certificateName: say('证书域名', 'Name in the certificate'),
  expiry: say('证书有效期', 'Validity of the certificate'),
  reach: say('该地址背后是本服务器', 'This server stands behind the address'),
  proxy: say('反向代理请求头', 'Headers of the proxy'),
  outside: say('从公网访问', 'From the internet'),
}

export const why = {
  restart: (running: string, issuer: string) =>
    say(
      `当前运行的服务器以 ${running} 应答。继续后新地址会被保存，重新启动后生效：请停止服务器，再以原来的参数（例如 --port）启动。如果 https 由反向代理提供，请同时写明代理的地址：“npx lingpai start --trusted-proxies 127.0.0.1”（如果启动命令或配置文件中写了 issuer，请一并改为 ${issuer}）。然后运行“npx lingpai setup-link”，用新链接（一天内有效，只能使用一次）从下一步继续。`,
      `The running server answers as ${running}. When you continue, the new address is kept and holds after a restart: stop the server, and start it with the flags that it had, such as --port. Where a proxy speaks https, name its address as well: "npx lingpai start --trusted-proxies 127.0.0.1" (and where the command or the configuration file names the issuer, make that ${issuer}). After that run "npx lingpai setup-link" and go on with the new link, which works once, for a day.`,
    ),
  onlyHere: say(
    '只有这台机器能访问此地址。用来演练足够了；接入制作云之前，请换成公网域名。',
    'Only this very machine can reach this address. That is enough to rehearse; before 制作云 can use it, choose a public name.',
  ),
  notEncrypted: say(
    '此地址没有加密，密码会以明文传输。请使用 https。',
    'This address is not encrypted: passwords would travel in the clear. Use https.',
  ),
  numericHost: say(
    '这是 IP 地址。公开可信的证书几乎只签发给域名，在中国大陆提供服务还需要已备案的域名。',
    'This is an IP address. Publicly trusted certificates are hardly ever issued for one, and in mainland China a service needs a filed domain name.',
  ),
  innerName: say(
    '这样的名称只在内部网络有效，腾讯的服务器找不到它。请使用已备案的公网域名。',
    "A name like this means something inside your network only; Tencent's servers cannot find it. Use a public, filed domain name.",
  ),
  goodAddress: say('公网域名，使用 https。', 'A public name, with https.'),

  nameNotAsked: say('未能查询域名服务器，请稍后再检查。', 'No name server could be asked. Check again later.'),
  nameServersSilent: (host: string, endpoints: readonly string[]) =>
    say(
      `未能查询到域名 ${host} 指向哪里，因此以下地址都无法检查：${endpoints.join('、')}。请检查这台机器的网络和域名服务器设置，然后重新检查。`,
      `No name server says where ${host} leads, so none of these could be looked at: ${endpoints.join(', ')}. Look at the network and the name servers of this machine, then check again.`,
    ),
  nameUnknown: (host: string, endpoints: readonly string[]) =>
    say(
      `域名 ${host} 没有解析记录，因此以下地址都无法访问：${endpoints.join('、')}。请在域名服务商处添加 A 记录，指向本服务器或负载均衡，然后重新检查。`,
      `There is no address for ${host}, so nobody reaches any of these: ${endpoints.join(', ')}. Add an A record with your name provider that leads to this server or its load balancer, then check again.`,
    ),
  nameInside: (list: string) =>
    say(
      `从这台机器看，域名指向内网地址 ${list}。如果公网上的解析结果不同，则没有问题；否则腾讯的服务器无法访问。`,
      `Seen from this machine, the name leads to ${list}, inside your network. That is fine if it leads elsewhere on the internet; if not, Tencent's servers cannot reach it.`,
    ),
  nameMixed: (list: string) =>
    say(
      `域名指向 ${list}，其中有公网无法访问的地址，一部分请求会失败。`,
      `The name leads to ${list}. Some of these cannot be reached from the internet, so some requests would fail.`,
    ),
  nameFound: (list: string) => say(`域名指向 ${list}。`, `The name leads to ${list}.`),

  standardPort: say('使用标准端口 443。', 'The standard port, 443.'),
  otherPort: (port: string) =>
    say(
      `使用端口 ${port}。许多网络只允许访问 443 端口，建议改用 443。`,
      `Port ${port}. Many networks let 443 through only, so 443 is the safer choice.`,
    ),

  noHandshake: (code: string) =>
    say(
      `未能建立 TLS 连接（${code}）。请检查防火墙、端口，以及该处是否有程序在监听。`,
      `No TLS connection could be made (${code}). Look at the firewall, the port, and whether anything listens there.`,
    ),
  chainGood: say('证书链完整，由公开可信的机构签发。', 'The chain is complete and leads to a publicly trusted root.'),
  chainIncomplete: say(
    '服务器没有发送中间证书。浏览器往往会自行补全，但腾讯的服务器不会。请在服务器或负载均衡上配置完整的证书链（fullchain）。',
    "The server does not send the intermediate certificate. Browsers often find it by themselves, Tencent's servers do not. Install the full chain (fullchain) on the server or load balancer.",
  ),
  chainUnknownRoot: say(
    '证书链缺少一环，或签发机构不是公开可信的。请配置完整的证书链，或换用公开可信的证书。',
    'A link of the chain is missing, or its root is not publicly trusted. Install the full chain, or get a certificate from a public authority.',
  ),
  chainOwnRoot: say(
    '证书是自签名的，或由私有机构签发，腾讯的服务器不会信任。请换用公开可信的证书。',
    "The certificate is self-signed or comes from a private authority, which Tencent's servers do not trust. Get one from a public authority.",
  ),
  chainDates: say(
    '证书链中有证书已过期或尚未生效。请更新证书，并检查本机时钟。',
    'A certificate of the chain has expired or is not valid yet. Renew it, and look at the clock of this machine.',
  ),
  chainFault: (fault: string) => say(`证书链无法通过验证（${fault}）。`, `The chain cannot be verified (${fault}).`),
  certificateNameGood: say('证书是为此域名签发的。', 'The certificate was made for this name.'),
  certificateNameOther: (host: string, names: string) =>
    say(
      `证书不是为 ${host} 签发的，而是为：${names === '' ? '（未注明）' : names}。`,
      `The certificate was not made for ${host}, but for: ${names === '' ? 'nothing it names' : names}.`,
    ),
  expiryUnreadable: say('无法读出证书的有效期。', 'Its dates cannot be read.'),
  expired: say('证书已过期。', 'The certificate has expired.'),
  expiresIn: (days: number) =>
    say(
      `还有 ${days} 天到期。${days < 21 ? '请尽快更新。' : ''}`,
      `It expires in ${days} ${days === 1 ? 'day' : 'days'}.${days < 21 ? ' Renew it soon.' : ''}`,
    ),

  notConnected: (code: string, endpoints: readonly string[]) =>
    say(
      `从这台机器无法连接（${code}），因此以下地址都没有应答：${endpoints.join('、')}。请检查防火墙、端口，以及该处是否有程序在监听。有些网络不允许从内部访问自己的公网地址；如果用手机流量能打开，则没有问题。`,
      `No connection could be made from this machine (${code}), so none of these answered: ${endpoints.join(', ')}. Look at the firewall, the port, and whether anything listens there. Some networks do not let a machine reach its own public address: if a phone on mobile data can open it, all is well.`,
    ),
  notReached: (code: string) =>
    say(
      `本服务器通过该地址访问自己时没有得到应答（${code}）。有些网络不允许从内部访问自己的公网地址；如果用手机流量能打开，则没有问题。`,
      `Asked through this address, nobody answered (${code}). Some networks do not let a machine reach its own public address: if a phone on mobile data can open it, all is well.`,
    ),
  otherAnswered: (status: number) =>
    say(
      `该地址有别的程序应答（状态码 ${status}），不是本服务器。请检查代理转发到哪里，以及是否转发了整个路径。`,
      `Something else answers there (status ${status}), not this server. Look where the proxy forwards to, and whether it keeps the whole path.`,
    ),
  reached: say(
    '通过该地址访问，应答的正是本服务器。',
    'Asked through this address, it was this very server that answered.',
  ),

  proxyNotTrusted: say(
    '前面的代理发送了 X-Forwarded-* 请求头，但它不在 trustedProxies 中，因此被忽略。请把代理的地址加入 trustedProxies。',
    'A proxy in front sends X-Forwarded-* headers, but is not listed in trustedProxies, so they are ignored. Add its address there.',
  ),
  proxyHidesScheme: say(
    '请求到达时看起来不是该地址的协议（http/https）。请让代理发送 X-Forwarded-Proto。',
    'Requests arrive here with another scheme (http or https) than the address has. Let the proxy send X-Forwarded-Proto.',
  ),
  proxyHidesHost: (host: string) =>
    say(
      `请求到达时主机名是“${host}”，而不是该地址的主机名。请让代理原样传递 Host，或发送 X-Forwarded-Host。`,
      `Requests arrive here for the host “${host}”, not for that of the address. Let the proxy pass Host on unchanged, or send X-Forwarded-Host.`,
    ),
  proxyGood: say(
    '代理正确传递了访问者的地址、协议和主机名。',
    "The proxy passes on the visitor's address, scheme and host as it should.",
  ),
  noProxy: say(
    '请求直接到达本服务器，协议和主机名都正确。',
    'Requests arrive directly, with the right scheme and host.',
  ),

  outside: (origin: string) =>
    say(
      `只有站在外面才能看到。请用手机关闭 Wi-Fi 后打开 ${origin}/healthz：应看到 "status":"ok"。`,
      `Only somebody outside can see this. On a phone without Wi-Fi, open ${origin}/healthz: it should show "status":"ok".`,
    ),
}
