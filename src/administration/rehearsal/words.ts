// What the report says, in both languages: plain sentences for whoever has to connect a client by Friday.

import type { Locale } from '../../pages/index.ts'
import { shellWord } from '../../platform/shell-word.ts'

export type Said = Readonly<Record<Locale, string>>

const say = (zh: string, en: string): Said => ({ 'zh-CN': zh, en })

/** Joins whole sentences, with the space that each language needs. */
export function together(...sentences: readonly Said[]): Said {
  const joined = sentences.map((each) => each['zh-CN']).join('')
  return say(joined, sentences.map(({ en }) => en).join(' '))
}

export const cannot = {
  noCodeFlow: say(
    '该客户端没有使用授权码流程（grant_types 中没有 authorization_code），不会有用户通过它登录，因此无法演练。',
    'This client does not use the code flow (grant_types lacks authorization_code): nobody signs in for it, so there is nothing to rehearse.',
  ),
}

export const person = {
  enabled: say('该用户已启用', 'The person is enabled'),
  disabled: (username: string) =>
    say(
      `用户“${username}”已停用，无法登录；以前签发的一切也已失效。如需恢复：npx lingpai user enable ${shellWord(username)}`,
      `${username} is disabled and cannot sign in; everything issued before is dead too. To let them in again: npx lingpai user enable ${shellWord(username)}`,
    ),
  phoneTaken: say(
    '另一位已启用的用户已在使用该手机号，因此目前无法重新启用这位用户。请先更正其中一人的号码。',
    'Another enabled person has this phone number, so this one cannot be enabled now. Correct the number of one of them first.',
  ),
  hasPassword: say('该用户设有密码', 'The person has a password'),
  temporaryPassword: say(
    '这是临时密码：首次登录时须先设置自己的密码，然后继续。',
    'It is a temporary one: at the first sign-in the person chooses their own, and then goes on.',
  ),
  noPassword: (username: string) =>
    say(
      `“${username}”还没有密码，无法登录。设置密码：npx lingpai user set-password ${shellWord(username)}`,
      `${username} has no password yet and cannot sign in. Set one: npx lingpai user set-password ${shellWord(username)}`,
    ),
}

export const authorize = {
  clientEnabled: say('客户端已启用', 'The client is enabled'),
  clientDisabled: say(
    '客户端已停用：授权请求会停在本站的错误页。如要使用，请先启用它。',
    'The client is disabled: the request ends on an error page of ours. Enable it, if it should be used.',
  ),
  callbackRegistered: say('登记的回调地址就是接入文档给出的地址', 'The registered callback is the one the guide names'),
  callbackDiffers: say('登记的回调地址与接入文档给出的不同', 'The registered callback is not the one the guide names'),
  callbackNear: (difference: string) =>
    say(
      `回调地址逐字符比较，差一个字母也会被拒绝。${difference}`,
      `Callbacks are compared letter by letter, so 制作云 would be refused. ${difference}.`,
    ),
  callbackOther: (uris: string, guide: string) =>
    say(
      `已登记：${uris}。制作云会发送 ${guide}，若不登记该地址，真实登录会被拒绝；用于测试则没有问题。`,
      `Registered: ${uris}. 制作云 sends ${guide}, and would be refused unless that is registered too; for a test of your own this is fine.`,
    ),
  otherCallbacks: (uris: string) => say(`还登记了其他回调地址：${uris}。`, `Also registered: ${uris}.`),
  callbacks: say('回调地址已登记', 'The redirect URI is registered'),
  callbackUsed: (uri: string, others: string) =>
    say(
      `演练使用 ${uri}。${others === '' ? '' : `还登记了：${others}。`}`,
      `The rehearsal used ${uri}.${others === '' ? '' : ` Also registered: ${others}.`}`,
    ),
  consentShown: say(
    '显示了授权页，演练替用户按下了“允许”',
    'The consent page was shown, and “Allow” was pressed for the person',
  ),
  consentShownWhy: say(
    '真实用户首次登录时会看到它；同意会被记住，之后不再询问，除非该客户端要获取的信息变多。',
    'A real person sees it at the first sign-in. The yes is remembered, and asked for again only when the client is to receive more.',
  ),
  consentNone: say('不显示授权页', 'No consent page is shown'),
  consentNoneWhy: say(
    '该客户端的 consent 设置为 implied：运营者已声明另行取得了用户同意。',
    'The setting consent is implied: the operator has declared that people agreed otherwise.',
  ),
  redirected: say(
    '浏览器回到登记的回调地址，逐字节一致',
    'The browser returns to the registered callback, byte for byte',
  ),
  elsewhere: say('浏览器被带到了别的地址。', 'The browser was sent to another address.'),
  signInPage: say(
    '浏览器停在登录页：这位用户目前无法登录。',
    'The browser ended on the sign-in page: this person cannot sign in now.',
  ),
  refusedHere: say(
    '请求停在本站的错误页，没有返回客户端。',
    'The request ended on an error page of ours and did not return to the client.',
  ),
  refusedThere: (error: string) =>
    say(`客户端得到的是错误 ${error}，而不是授权码。`, `The client gets the error ${error} instead of a code.`),
  zhizuoyunPkce: (clientId: string) =>
    say(
      `制作云不发送 PKCE。请改为：npx lingpai client update ${shellWord(clientId)} --set authorize.pkce=optional`,
      `制作云 sends no PKCE. Change it: npx lingpai client update ${shellWord(clientId)} --set authorize.pkce=optional`,
    ),
  zhizuoyunRefusal: say(
    '演练按接入文档的示例原样发送请求，因此需要调整的是该客户端的设置。',
    "The request was sent exactly as in the guide's example, so it is this client's settings that have to change.",
  ),
  state: say('state 原样返回', 'state comes back unchanged'),
  stateLost: (sent: string, got: string) =>
    say(`发送的是 ${sent}，收到的是 ${got}。`, `Sent was ${sent}, returned was ${got}.`),
  code: say('返回了授权码 code', 'A code is returned'),
  codeAlphanumeric: say(
    'code 只含字母和数字，多次解码也不会变',
    'The code holds letters and digits only, so decoding it twice does no harm',
  ),
  extra: (names: string) => say(`回调中还带有：${names}`, `The answer also carries: ${names}`),
  extraWhy: say(
    '规范要求客户端忽略不认识的参数，但制作云是否如此没有文档说明。建议将 authorize.iss 设为 false。',
    'Clients must ignore what they do not know, but nothing is documented about 制作云. Better set authorize.iss to false.',
  ),
  iss: say('返回的 iss 就是本服务器', 'iss names this server'),
  pkce: say('请求带有 PKCE（S256），与客户端设置一致', 'The request used PKCE (S256), as the client must'),
}

export const token = {
  answered: say('令牌接口以 200 答复', 'The token endpoint answers 200'),
  notPlayed: say('没有授权码，后面的请求没有进行', 'Without a code the later requests were not made'),
  json: say('答复是 JSON', 'The reply is JSON'),
  jsonNot: (type: string) => say(`Content-Type 是 ${type}。`, `Its Content-Type is ${type}.`),
  noStore: say('答复不允许缓存（no-store）', 'The reply may not be cached (no-store)'),
  accessToken: say('access_token 是非空字符串', 'access_token is a string that is not empty'),
  tokenType: say('token_type 是 Bearer', 'token_type is Bearer'),
  expiresIn: say('expires_in 是正整数（秒）', 'expires_in is a whole number of seconds'),
  expiresInText: say(
    '它是字符串。请将该客户端的 reply.expiresIn 设为 number。',
    "It is a string. Set this client's reply.expiresIn to number.",
  ),
  standIn: say('客户端以一次性密钥认证', 'The client authenticated with a throw-away secret'),
  standInWhy: say(
    '只有客户端持有签名密钥，演练无法代签。请用“npx lingpai trace”查看它的真实请求。',
    'Only the client has what it signs with. See its real requests: npx lingpai trace',
  ),
  refreshToken: say('返回了 refresh_token', 'A refresh_token is returned'),
  refreshTokenNone: say('没有 refresh_token', 'There is no refresh_token'),
  refreshTokenNoneWhy: say('约定允许不返回。', 'The contract allows that.'),
  refreshTokenBad: say('refresh_token 应为字符串或不返回', 'refresh_token is a string, or absent'),
  idTokenIgnored: say('还返回了 ID 令牌', 'An ID token is returned as well'),
  idTokenIgnoredWhy: say(
    '因为请求了 openid。接入文档没有提到它，客户端会忽略。',
    'Because openid was asked for. The guide does not mention it; clients ignore what they do not know.',
  ),
  idTokenNone: say('请求了 openid，但没有 ID 令牌', 'openid was asked for, but there is no ID token'),
  idTokenNoneWhy: say('该客户端的 reply.idToken 设置为 never。', "This client's reply.idToken is set to never."),
  idToken: say(
    'ID 令牌的签名可用公布的密钥验证，iss、aud、exp、nonce 均正确',
    'The ID token verifies against the published keys, and iss, aud, exp and nonce are right',
  ),
  idTokenSubject: say('ID 令牌的 sub 是这位用户', 'sub of the ID token is this person'),
  scopeReduced: (asked: string, granted: string) =>
    say(`授予的权限范围是“${granted}”，请求的是“${asked}”`, `Granted is “${granted}”, asked was “${asked}”`),
  scopeReducedWhy: say(
    '该客户端未登记的名称会被忽略。如需授予，请修改它的 scope 设置。',
    'Names this client may not have are left out. To grant them, change its setting scope.',
  ),
  reachable: say('issuer 是公网 https 地址', 'The issuer is a public https address'),
  reachablePublic: (origin: string) =>
    say(
      `令牌和用户信息接口由腾讯的服务器调用。演练没有经过网络：请确认 ${origin} 的 DNS、防火墙和公网可信的证书链。`,
      `Tencent's servers call the token and user info endpoints. The rehearsal did not use the network: make sure of DNS, firewall and a publicly trusted certificate chain of ${origin}.`,
    ),
  unreachable: say('腾讯的服务器还不能访问这个地址', "Tencent's servers cannot reach this address yet"),
  unreachableHttp: (issuer: string) =>
    say(
      `issuer 是 ${issuer}，没有使用 https。用于演练没有问题；真正接入前请以公网 https 地址启动（--issuer 与 --accept-new-issuer）。`,
      `The issuer is ${issuer}, without https. For a rehearsal that is fine; before the real sign-in start with a public https name (--issuer, with --accept-new-issuer).`,
    ),
  unreachablePrivate: (issuer: string) =>
    say(
      `${issuer} 的主机名只在本机或内网有效，而令牌和用户信息接口由腾讯的服务器调用。真正接入前请改用公网域名。`,
      `The host of ${issuer} is known on this machine or inside your network only, and Tencent's servers call the token and user info endpoints. Use a public name before the real sign-in.`,
    ),
  plainHttp: say('issuer 没有使用 https', 'The issuer does not use https'),
  plainHttpWhy: say(
    '用于本机测试没有问题；对外服务必须使用 https。',
    'Fine on this very machine; anything that others use must have https.',
  ),
}

export const secret = {
  right: say('粘贴的密钥与该客户端一致', "The pasted secret is this client's"),
  wrong: say('粘贴的密钥不是该客户端的密钥', "The pasted secret is not this client's"),
  wrongWhy: (clientId: string) =>
    say(
      `请核对客户端 ID 是否为 ${clientId}。密钥无法找回，只能重新签发：npx lingpai client rotate-secret ${shellWord(clientId)}`,
      `Make sure that the client is ${clientId}. A secret cannot be looked up, only issued anew: npx lingpai client rotate-secret ${shellWord(clientId)}`,
    ),
  isClientId: say('粘贴的是 ClientId，不是 ClientSecret。', 'What was pasted is the ClientId, not the ClientSecret.'),
  empty: say('没有粘贴任何内容。', 'Nothing was pasted.'),
  blanks: say('密钥是对的，但前后多了字符', 'The secret is right, but something was pasted around it'),
  blanksWhy: (leading: number, trailing: number) =>
    say(
      `前面有 ${leading} 个空白字符，后面有 ${trailing} 个。若这样粘贴到控制台，认证会失败。`,
      `${leading} blank characters before it and ${trailing} after it. Pasted like this into the console, authentication would fail.`,
    ),
  lineEnd: say('末尾带有换行', 'It ended with a line end'),
  lineEndWhy: say(
    '从终端输入时这很正常，演练已忽略它；粘贴到控制台时请不要带上。',
    'Usual from a terminal, and ignored here; do not paste it into a console.',
  ),
  noneKept: say('公开客户端没有密钥', 'A public client has no secret'),
  noneKeptWhy: (method: string) =>
    say(`该客户端的 token_endpoint_auth_method 是 ${method}。`, `Its token_endpoint_auth_method is ${method}.`),
  missing: say('该客户端还没有密钥', 'This client has no secret'),
}

export const userinfo = {
  answered: say('用户信息接口以 200 答复', 'The user info endpoint answers 200'),
  notPlayed: say('没有可用的访问令牌，用户信息请求没有进行', 'Without an access token user info was not asked for'),
  notAsked: say(
    '该客户端没有请求 openid，不会查询用户信息',
    'This client does not ask for openid, so it gets no user info',
  ),
  userId: say('user_id 是非空字符串', 'user_id is a string that is not empty'),
  userIdMissing: say(
    '请在该客户端的 claims 中映射：user_id ← id。',
    "Map it in this client's claims: user_id from id.",
  ),
  sub: say('sub 与 user_id 相同', 'sub equals user_id'),
  subStandard: say(
    'sub 是非空字符串，并与 ID 令牌一致',
    'sub is a string that is not empty, and the same as in the ID token',
  ),
  name: say('name 是字符串', 'name is a string'),
  nameNone: say('没有 name', 'There is no name'),
  nameNoneWhy: say(
    '约定允许为空；制作云届时如何显示没有文档说明。',
    'The contract allows that; what 制作云 then shows is not documented.',
  ),
  nameBad: say('name 应为字符串或不返回', 'name is a string, or absent'),
  phone: say('phone_number 是 11 位大陆手机号', 'phone_number is a mainland number of 11 digits'),
  phoneForeign: say(
    'phone_number 不是大陆手机号，以国际格式发送',
    'phone_number is not a mainland number, and is sent in the international form',
  ),
  phoneForeignWhy: say(
    '制作云的账号接口只写明了大陆号码；非大陆号码能否创建或绑定账号没有文档说明，请先用一位用户试登录。',
    "Tencent's account interface speaks of mainland numbers only; whether others can create or bind an account is not documented. Try it with one person first.",
  ),
  phonePrefixed: say('phone_number 带有国家代码', 'phone_number carries the country code'),
  phonePrefixedWhy: say(
    '腾讯的账号接口使用不带 +86 的 11 位号码。除非您确知制作云需要这种写法，请将 phone.format 设为 cn-national。',
    "Tencent's account interface uses 11 digits without +86. Unless you know that 制作云 wants it so, set phone.format to cn-national.",
  ),
  phoneBad: say('phone_number 应为手机号', 'phone_number is a phone number'),
  phoneBadWhy: (value: string) =>
    say(
      `发送的是 ${value}。请检查该客户端的 claims 和用户资料。`,
      `Sent was ${value}. Look at this client's claims and at the person's record.`,
    ),
  phoneNone: say('没有 phone_number', 'There is no phone_number'),
  phoneNoneContract: say(
    '约定允许为空。制作云用手机号创建或绑定账号：没有手机号时会怎样没有文档说明，可能要求用户自行绑定，或无法进入按手机号添加成员的平台。',
    'The contract allows that. 制作云 creates or binds its account by the phone number: what happens without one is not documented. It may ask the person to bind one, or not admit them to a platform whose members are added by number.',
  ),
  phoneNobody: (username: string) =>
    say(
      `该用户没有登记手机号。填入已确认属于本人的号码：npx lingpai user update ${shellWord(username)} --phone … --phone-verified`,
      `None is recorded for this person. Put in one that you know to be theirs: npx lingpai user update ${shellWord(username)} --phone … --phone-verified`,
    ),
  phoneUnverified: (username: string) =>
    say(
      `该用户的手机号未经验证，因设置 phone.unverified=omit 而不被发送。核实后：npx lingpai user update ${shellWord(username)} --phone-verified`,
      `Nobody has verified the person's number, and the setting phone.unverified=omit keeps it back. Once you have made sure that it is theirs: npx lingpai user update ${shellWord(username)} --phone-verified`,
    ),
  phoneNotMainland: (clientId: string) =>
    say(
      `该用户的手机号不是大陆号码，因设置 phone.nonMainland=omit 而不被发送。如需发送：npx lingpai client update ${shellWord(clientId)} --set phone.nonMainland=e164`,
      `The person's number is not a mainland one, and the setting phone.nonMainland=omit keeps it back. To send it: npx lingpai client update ${shellWord(clientId)} --set phone.nonMainland=e164`,
    ),
  phoneUnmapped: (clientId: string) =>
    say(
      `该用户有手机号，但该客户端的 claims 中没有映射它。添加：npx lingpai client update ${shellWord(clientId)} --set claims.phone_number=phone`,
      `The person has one, but this client's claims do not map it. Add that: npx lingpai client update ${shellWord(clientId)} --set claims.phone_number=phone`,
    ),
  phoneLacking: say(
    '登录可以走完，但制作云收不到手机号。它用手机号创建或绑定账号；没有手机号，它可能要求用户自行绑定，也可能拒绝用户进入。',
    'The sign-in itself works, but 制作云 gets no phone number. It creates or binds its account by it; without one it may ask the person for it, or not admit them.',
  ),
  phoneUnproven: say(
    '登录可以走完，制作云也会收到手机号，但同时得知它未经验证（phone_number_verified 为 false）。制作云用手机号创建或绑定账号，可能不接受这样的号码，拒绝用户进入。',
    'The sign-in itself works, and 制作云 gets the number, but is told that nobody has verified it (phone_number_verified is false). It creates or binds its account by the number, and may refuse one like this, and the person with it.',
  ),
  phoneProve: (username: string) =>
    say(
      `请先向本人核实号码，再运行：npx lingpai user update ${shellWord(username)} --phone-verified`,
      `Make sure that the number is this person's, then run: npx lingpai user update ${shellWord(username)} --phone-verified`,
    ),
  verified: say('phone_number_verified 是 JSON 布尔值 true', 'phone_number_verified is the JSON boolean true'),
  unverified: say(
    'phone_number_verified 是 JSON 布尔值 false：号码未经验证',
    'phone_number_verified is the JSON boolean false: nobody has verified the number',
  ),
  unverifiedWhy: (username: string) =>
    say(
      `号码错误意味着登录到别人的账号。制作云如何对待未验证的号码没有文档说明；核实后：npx lingpai user update ${shellWord(username)} --phone-verified`,
      `A wrong number is another person's account. How 制作云 treats an unverified one is not documented; once you have made sure: npx lingpai user update ${shellWord(username)} --phone-verified`,
    ),
  verifiedNone: say('没有 phone_number_verified', 'There is no phone_number_verified'),
  verifiedNoneWithPhone: say(
    '约定允许为空，但建议映射：phone_number_verified ← phoneVerified。',
    'The contract allows that; better map it: phone_number_verified from phoneVerified.',
  ),
  verifiedNoneWithout: say('没有手机号，也就无从验证。', 'Without a number there is nothing to verify.'),
  verifiedBad: say(
    'phone_number_verified 必须是 JSON 布尔值，不能是字符串',
    'phone_number_verified must be a JSON boolean, not text',
  ),
  empty: (names: string) => say(`这位用户没有值：${names}`, `No value for this person: ${names}`),
  emptyWhy: say(
    '要求这些字段的客户端会拒绝登录。请补全用户资料，或修改该客户端的 claims。',
    "A client that insists on them turns the person away. Complete the record, or change this client's claims.",
  ),
}

export const timing = {
  quick: (milliseconds: number) => say(`${milliseconds} 毫秒内答复`, `Answered within ${milliseconds} ms`),
  slow: (milliseconds: number) => say(`答复用了 ${milliseconds} 毫秒`, `The answer took ${milliseconds} ms`),
  slowWhy: say(
    '客户端的等待时间有限，应远低于 1 秒。请查看这台机器的负载。',
    'Clients wait only so long; it should be well below one second. Look at the load of this machine.',
  ),
}
