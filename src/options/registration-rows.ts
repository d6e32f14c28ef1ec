// The options of client registration: whether clients may register themselves, and what they may have.

import { DEFAULT_REGISTRATION, POLICY_KINDS, statementIssuers } from '../model/client/registration-policy.ts'
import { type Kind, oneOf, orNothing } from '../model/setting.ts'
import { span, wholeNumber, yesOrNo } from './kinds.ts'
import { row } from './row.ts'

const {
  access,
  perAddress,
  most,
  unusedLifetime,
  statementIssuers: issuers,
  statementRequired,
  publicPkce,
  requestObjectAlg,
  documents,
  documentHosts,
  mostDocuments,
} = DEFAULT_REGISTRATION
const DAY = 86_400

/** A list may be one text, or several that are lists themselves: a flag is repeated, or its value separated by commas. */
function separated<T>(kind: Kind<readonly T[]>): Kind<readonly T[]> {
  return {
    describes: kind.describes,
    parse(value) {
      const texts = typeof value === 'string' ? [value] : value
      return kind.parse(
        Array.isArray(texts) && texts.every((each) => typeof each === 'string')
          ? texts.flatMap((each) => each.split(',').map((word) => word.trim())).filter((word) => word !== '')
          : value,
      )
    },
  }
}

const { grantTypes, responseTypes, authMethods, scope, redirectHosts } = POLICY_KINDS

export const REGISTRATION_ROWS = {
  'registration.access': row<'off' | 'guarded' | 'open'>({
    kind: oneOf('off', 'guarded', 'open'),
    default: access,
    en: 'Whether clients may register themselves (RFC 7591): `guarded` with an initial access token, `open` without one too.',
    zh: '是否允许客户端自行注册（RFC 7591）：guarded 需要初始访问令牌，open 则不需要。',
  }),
  'registration.grantTypes': row({
    kind: separated(grantTypes),
    default: DEFAULT_REGISTRATION.grantTypes,
    en: 'Grants that registered clients may have.',
    zh: '自行注册的客户端可用的授权类型。',
  }),
  'registration.responseTypes': row({
    kind: separated(responseTypes),
    default: DEFAULT_REGISTRATION.responseTypes,
    en: 'Response types that registered clients may have; all but `code` also need implicitAndHybrid.',
    zh: '自行注册的客户端可用的响应类型；除 code 外还需开启 implicitAndHybrid。',
  }),
  'registration.authMethods': row({
    kind: separated(authMethods),
    default: DEFAULT_REGISTRATION.authMethods,
    en: 'Ways of client authentication that registered clients may have.',
    zh: '自行注册的客户端可用的认证方式。',
  }),
  'registration.scope': row({
    kind: scope,
    default: DEFAULT_REGISTRATION.scope,
    en: 'Scopes that registered clients may have. What they ask for beyond is left out.',
    zh: '自行注册的客户端可用的权限范围，超出部分会被忽略。',
  }),
  'registration.redirectHosts': row({
    kind: separated(redirectHosts),
    default: DEFAULT_REGISTRATION.redirectHosts,
    defaultText: 'any',
    en: 'Hosts of the redirect URIs of registered clients: `app.example.com`, `*.example.com` for every host below, `127.0.0.1`, or a scheme `com.example.app:`. Empty means any.',
    zh: '自行注册的客户端回调地址允许的主机：app.example.com、*.example.com（其下所有主机）、127.0.0.1，或私有协议 com.example.app:。为空表示不限。',
  }),
  'registration.mostRedirectUris': row({
    kind: wholeNumber(1, 100),
    default: DEFAULT_REGISTRATION.mostRedirectUris,
    en: 'Redirect URIs that a registered client may have.',
    zh: '自行注册的客户端最多可登记的回调地址数。',
  }),
  'registration.perAddress': row({
    kind: wholeNumber(1, 1_000_000),
    default: perAddress,
    en: 'Clients that one address (IPv6: /48) may register in an hour without an initial access token, and changes that it may make to such clients in an hour.',
    zh: '没有初始访问令牌时，一个地址（IPv6 为 /48）每小时最多可注册的客户端数，也是每小时可修改此类客户端的次数。',
  }),
  'registration.most': row({
    kind: wholeNumber(1, 1_000_000),
    default: most,
    en: 'Clients registered without an initial access token that there may be at once.',
    zh: '没有初始访问令牌而注册的客户端总数上限。',
  }),
  'registration.unusedLifetime': row({
    kind: span(DAY, 3_660 * DAY),
    default: unusedLifetime,
    en: 'A registered client to which nothing is issued for this long is removed, unless it was approved.',
    zh: '自行注册的客户端在此时间内未获签发任何令牌即被删除，已核准的除外。',
  }),
  'registration.statementIssuers': row({
    kind: statementIssuers,
    default: issuers,
    defaultText: 'none',
    orFile: true,
    en: 'Whose software statements are believed: `ISSUER=ADDRESS` with the address of its keys (jwks_uri), or a JSON map of issuers to addresses or JWK sets.',
    zh: '可信的软件声明签发者：ISSUER=地址（其公钥地址 jwks_uri），或签发者到地址或 JWK 集的 JSON 映射。',
  }),
  'registration.statementRequired': row({
    kind: yesOrNo,
    default: statementRequired,
    en: 'Registration needs a software statement.',
    zh: '注册必须附带软件声明。',
  }),
  'registration.publicPkce': row<'required' | 'unprotected'>({
    kind: oneOf('required', 'unprotected'),
    default: publicPkce,
    en: 'PKCE of registered clients that keep no secret or are native. `unprotected` lets them do without: whoever else receives their codes can use them.',
    zh: '自行注册的公开客户端与本地应用是否必须使用 PKCE。unprotected 允许不使用：截获授权码者即可使用。',
  }),
  'registration.requestObjectAlg': row<'none' | null>({
    kind: orNothing(oneOf('none')),
    default: requestObjectAlg,
    defaultText: 'any that their keys allow',
    en: 'Registered clients that do not say how they sign request objects send them unsigned (`none`); also needs unsignedJwt. Anybody can make such an object.',
    zh: '未声明签名算法的自行注册客户端发送不带签名的请求对象（none），还需开启 unsignedJwt。任何人都可以伪造这样的对象。',
  }),
  'registration.documents': row({
    kind: yesOrNo,
    default: documents,
    en: 'A client_id may be the https address of a document about the client (client ID metadata document), which is fetched. The policy of registration holds for it too, whatever registration.access is. While it is off, nothing that such clients were given works.',
    zh: 'client_id 可以是描述客户端的文档的 https 地址（client ID metadata document），服务器会获取该文档。注册策略同样适用，与 registration.access 无关。关闭期间，此类客户端已获得的授权与令牌一律无效。',
  }),
  'registration.documentHosts': row({
    kind: separated(redirectHosts),
    default: documentHosts,
    defaultText: 'any',
    en: 'Hosts that such documents may be on: app.example.com, or *.example.com.',
    zh: '允许存放此类文档的主机：app.example.com 或 *.example.com。',
  }),
  'registration.mostDocuments': row({
    kind: wholeNumber(1, 1_000_000),
    default: mostDocuments,
    en: 'Clients known by a document that there may be at once.',
    zh: '以文档标识的客户端总数上限。',
  }),
  unverifiedErrors: row<'ask' | 'redirect'>({
    kind: oneOf('ask', 'redirect'),
    default: 'ask',
    en: 'Authorization errors of a client that nobody has verified, for a visitor who is not signed in: `ask` shows a page with a link, `redirect` sends the visitor there at once.',
    zh: '未经核实的客户端在访客未登录时的授权错误：ask 显示带链接的页面，redirect 直接跳转。',
  }),
} as const
