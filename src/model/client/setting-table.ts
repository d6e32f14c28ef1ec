// The table of client settings: one row for each, with its kind, its strict default and what it is for. Presets, the
// command line, the set-up pages and the reference page are all made from it.

import { CONTENT_ALGORITHMS, DEFAULT_CONTENT_ALGORITHM, KEY_ALGORITHMS } from '../../protocol/jwe.ts'
import { ASYMMETRIC_ALGORITHMS } from '../../protocol/jwk.ts'
import { redirectUriProblem } from '../../protocol/redirect-uri.ts'
import { resourceProblem } from '../../protocol/resource.ts'
import { parseResponseType, RESPONSE_TYPES, type ResponseType } from '../../protocol/response-type.ts'
import {
  flag,
  type Kind,
  listOf,
  listWhere,
  oneOf,
  orNothing,
  scopeList,
  shown,
  text,
  webAddress,
  wholeNumber,
} from '../setting.ts'
import { parseClaims } from './claim-rule.ts'
import { type ClientSettings, DEVICE_CODE } from './client.ts'
import { jwksKind, keysAddress } from './jwks.ts'
import { acrProblem, contactProblem, httpsAddress, logoKind, namesKind } from './presentation.ts'
import { SUBJECT_TYPES } from './sector.ts'

/** Dotted names with their values. */
export type PlainSettings = Readonly<Record<string, unknown>>

export interface Setting {
  readonly name: string
  readonly kind: Kind<unknown>
  /** The strict value, which may depend on rows above this one. */
  readonly fallback: (above: PlainSettings) => unknown
  /** Whether a client may give it about itself when it registers; otherwise only the operator may set it. */
  readonly byClient: boolean
  readonly en: string
  readonly zh: string
}

/** A setting of our own: it says what a client may be given, so a client may not set it. */
function row(name: string, kind: Kind<unknown>, fallback: unknown, en: string, zh: string): Setting {
  const isRule = (value: unknown): value is Setting['fallback'] => typeof value === 'function'
  return { name, kind, fallback: isRule(fallback) ? fallback : () => fallback, byClient: false, en, zh }
}

/** Client metadata of RFC 7591 §2 or OpenID Connect Registration §2, under its wire name. */
function metadata(...columns: Parameters<typeof row>): Setting {
  return { ...row(...columns), byClient: true }
}

const isPublic = (above: PlainSettings) => above['token_endpoint_auth_method'] === 'none'
const pkceFallback = (above: PlainSettings) => (isPublic(above) ? 'required' : 'optional')
/** RFC 7591 §2.1: the two lists go together. */
const responseTypesFallback = ({ grant_types: grants }: PlainSettings) =>
  Array.isArray(grants) && grants.includes('authorization_code') ? ['code'] : []

const keyAlgorithm = orNothing(oneOf(...KEY_ALGORITHMS))
const contentAlgorithm = orNothing(oneOf(...CONTENT_ALGORITHMS))
/** OpenID Connect Registration §2: A128CBC-HS256 when only the first of the two is given. */
const contentFallback = (name: string) => (above: PlainSettings) =>
  above[name] === null ? null : DEFAULT_CONTENT_ALGORITHM

const claimsKind: Kind<ClientSettings['claims']> = {
  describes: 'a map: claim name to user field, list of fields, or `{from, type, constant}`; dots nest',
  parse(value) {
    const parsed = parseClaims(value)
    return 'claims' in parsed ? { value: parsed.claims } : parsed
  },
}

/** Words of one type are separated by blanks, types by commas. */
const responseTypeList: Kind<readonly ResponseType[]> = {
  describes: `a list of ${RESPONSE_TYPES.map((type) => `\`${type}\``).join(', ')}`,
  parse(value) {
    const list: unknown = typeof value === 'string' ? value.split(',').map((each) => each.trim()) : value
    if (!Array.isArray(list)) return { problem: `must be a list of ${RESPONSE_TYPES.join(', ')}` }
    const types: ResponseType[] = []
    for (const each of list) {
      const type = typeof each === 'string' ? parseResponseType(each) : null
      if (type === null) return { problem: `holds ${shown(each)}; known are ${RESPONSE_TYPES.join(', ')}` }
      types.push(type)
    }
    return { value: [...new Set(types)] }
  },
}

/** OpenID Connect Core §6.2: a fragment is a digest of what stands there. */
const requestAddress = (value: string) => {
  const parsed = keysAddress.parse(value.split('#', 1)[0])
  return 'problem' in parsed ? parsed.problem : value.length > 512 ? 'is longer than 512 characters' : null
}

const origin = (value: string) =>
  /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value
    ? null
    : 'is not an origin such as https://app.example.com'

const absolute = (value: string) => redirectUriProblem(value, 'native')

// biome-ignore format: a table is read by its columns
export const CLIENT_SETTINGS: readonly Setting[] = [
  metadata('client_name', text(100), null, 'Shown to people on the sign-in and consent pages.', '在登录页和授权页上显示的名称。'),
  metadata('redirect_uris', listWhere('a list of redirect URIs', 100, absolute), [], 'Where answers may be sent; compared character by character.', '回调地址，逐字符比较。'),
  metadata('post_logout_redirect_uris', listWhere('a list of addresses', 100, absolute), [], 'Where a browser may be sent after sign-out.', '退出登录后允许跳转的地址。'),
  metadata('backchannel_logout_uri', keysAddress, null, 'Where it is told, server to server, that a session has ended. Failed calls are repeated for three days.', '会话结束时，由服务器直接通知客户端的地址；失败后三天内自动重试。'),
  metadata('backchannel_logout_session_required', flag, false, 'It can end a single session only: every logout token names one by `sid`.', '客户端只能按单个会话退出：每个退出令牌都用 `sid` 指明会话。'),
  metadata('frontchannel_logout_uri', webAddress, null, 'What the browser loads in a frame when the person signs out, with `iss` and `sid`; at the origin of one of its redirect URIs. Also needs the server option `frontChannelLogout`.', '用户退出登录时浏览器以框架加载的地址，附带 `iss` 与 `sid`；来源必须与某个回调地址相同。还需开启服务器选项 `frontChannelLogout`。'),
  metadata('frontchannel_logout_session_required', flag, false, 'It needs `iss` and `sid` to know which session has ended. They are always sent.', '需要 `iss` 与 `sid` 才能确定结束的会话；本服务总是附带它们。'),
  metadata('token_endpoint_auth_method', oneOf('client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none'), 'client_secret_basic', 'How the client proves itself; `none` makes it public. Either of basic and post is accepted unless `strictAuthMethod`; all others exactly as set. `client_secret_jwt` makes a new secret.', '客户端认证方式；`none` 表示公开客户端。除非开启 `strictAuthMethod`，basic 与 post 两种方式都接受，其余方式必须与登记一致。改为 `client_secret_jwt` 时会生成新密钥。'),
  metadata('token_endpoint_auth_signing_alg', orNothing(oneOf('HS256', ...ASYMMETRIC_ALGORITHMS)), null, 'The one algorithm its assertions may be signed with: HS256 for `client_secret_jwt`, the others for `private_key_jwt`. Without it any that its keys allow.', '客户端断言唯一允许的签名算法：`client_secret_jwt` 用 HS256，`private_key_jwt` 用其余算法。不设置时以其公钥允许的算法为准。'),
  metadata('jwks', jwksKind, null, 'Its public keys. `private_key_jwt` needs either these or jwks_uri.', '客户端的公钥集。`private_key_jwt` 需要设置它或 jwks_uri，二者只能选一。'),
  metadata('jwks_uri', keysAddress, null, 'Where it publishes its public keys. Fetched when needed, kept for at most 5 minutes, and asked again when an unknown key is met.', '客户端公布公钥集的地址。需要时获取，最多缓存 5 分钟，遇到未知公钥时重新获取。'),
  metadata('grant_types', listOf('authorization_code', 'implicit', 'refresh_token', 'client_credentials', DEVICE_CODE), ['authorization_code'], 'Which grants it may use; `implicit` goes with the response types that give a token at the authorization endpoint.', '允许使用的授权类型；`implicit` 用于在授权端点直接返回令牌的响应类型。'),
  metadata('response_types', responseTypeList, responseTypesFallback, 'Which answers the authorization endpoint gives it; goes with grant_types. All but `code` also need the server option `implicitAndHybrid`.', '授权端点允许的响应类型，须与 grant_types 一致。除 `code` 外，还需开启服务器选项 `implicitAndHybrid`。'),
  metadata('application_type', oneOf('web', 'native'), 'web', 'A native client may use loopback addresses with any port and private-use schemes.', '应用类型；native 可使用任意端口的本机回调和私有协议。'),
  metadata('scope', scopeList, 'openid profile email phone address', 'Scopes the client may be granted.', '允许授予的权限范围。'),
  metadata('id_token_signed_response_alg', oneOf(...ASYMMETRIC_ALGORITHMS, 'HS256', 'none'), 'RS256', 'How its ID tokens are signed; one of the server option `keys.algorithms`. ES256 costs a fifth of the CPU of RS256. HS256 takes the client secret, and makes a new one; `none` is for the code flow alone, and needs the server option `unsignedJwt`.', 'ID 令牌的签名算法，须包含在服务器选项 `keys.algorithms` 中；ES256 的计算开销约为 RS256 的五分之一。HS256 使用客户端密钥（会生成新密钥）；`none` 仅限授权码流程，并须开启服务器选项 `unsignedJwt`。'),
  metadata('id_token_encrypted_response_alg', keyAlgorithm, null, 'Encrypts its ID tokens: how the key travels. The first ones take a public key of the client (jwks or jwks_uri), the last three its secret.', '加密 ID 令牌时密钥的传递方式。前几种使用客户端公钥（jwks 或 jwks_uri），后三种使用客户端密钥。'),
  metadata('id_token_encrypted_response_enc', contentAlgorithm, contentFallback('id_token_encrypted_response_alg'), 'How the ID token itself is encrypted.', 'ID 令牌内容的加密算法。'),
  metadata('userinfo_signed_response_alg', orNothing(oneOf(...ASYMMETRIC_ALGORITHMS, 'HS256')), null, 'Makes the answer of user info a signed JWT, with `iss` and `aud`. Without it plain JSON.', '用户信息以签名的 JWT 返回，并带有 `iss` 和 `aud`。不设置时返回普通 JSON。'),
  metadata('userinfo_encrypted_response_alg', keyAlgorithm, null, 'Encrypts the answer of user info, signed or not.', '加密用户信息响应（可与签名同时使用）。'),
  metadata('userinfo_encrypted_response_enc', contentAlgorithm, contentFallback('userinfo_encrypted_response_alg'), 'How the answer itself is encrypted.', '用户信息内容的加密算法。'),
  metadata('introspection_signed_response_alg', oneOf(...ASYMMETRIC_ALGORITHMS), 'RS256', 'How introspection answers are signed that it asks for as JWTs (RFC 9701).', '以 JWT 形式请求的内省响应的签名算法（RFC 9701）。'),
  metadata('introspection_encrypted_response_alg', keyAlgorithm, null, 'Encrypts these answers after they are signed.', '签名后加密上述内省响应。'),
  metadata('introspection_encrypted_response_enc', contentAlgorithm, contentFallback('introspection_encrypted_response_alg'), 'How the answer itself is encrypted.', '内省响应内容的加密算法。'),
  metadata('subject_type', oneOf(...SUBJECT_TYPES), 'public', 'By which `sub` it knows people: `public`, the user id; `pairwise`, another one for each sector, so that clients cannot compare notes. Changing it makes everybody a stranger to the client.', '客户端得到的 `sub`：`public` 为用户 ID；`pairwise` 为各分区各不相同的标识，不同客户端无法互相比对。更改后，客户端会把所有人当作新用户。'),
  metadata('sector_identifier_uri', keysAddress, null, 'Names the sector of a `pairwise` client by its host, and must answer with a JSON list of all its redirect URIs. Needed when these have several hosts, or none.', '以其主机名标识 `pairwise` 客户端所属的分区，该地址须返回包含全部回调地址的 JSON 数组。回调地址有多个主机名或没有主机名时必须设置。'),
  metadata('request_object_signing_alg', orNothing(oneOf('none', 'HS256', ...ASYMMETRIC_ALGORITHMS)), null, 'The one algorithm its request objects may be signed with. HS256 takes the client secret, and makes a new one; `none` leaves the signature out and also needs the server option `unsignedJwt`. Without it any that its keys allow.', '请求对象唯一允许的签名算法。HS256 使用客户端密钥（会生成新密钥）；`none` 表示不签名，还需开启服务器选项 `unsignedJwt`。不设置时以其公钥允许的算法为准。'),
  metadata('request_object_encryption_alg', keyAlgorithm, null, 'The one way in which it may encrypt request objects. Needs the server option `encryptedRequests`.', '请求对象唯一允许的密钥加密方式，须开启服务器选项 `encryptedRequests`。'),
  metadata('request_object_encryption_enc', contentAlgorithm, contentFallback('request_object_encryption_alg'), 'The one way in which the content may be encrypted.', '请求对象内容唯一允许的加密算法。'),
  metadata('require_signed_request_object', flag, false, 'Every authorization request must be a signed request object, and nothing outside it counts (RFC 9101 §10.5).', '授权请求必须是已签名的请求对象，对象之外的参数一律无效（RFC 9101 §10.5）。'),
  metadata('require_pushed_authorization_requests', flag, false, 'Every authorization request must be pushed first, and the browser brings its reference only (RFC 9126 §6).', '授权请求必须先由客户端推送，浏览器只携带其引用（RFC 9126 §6）。'),
  metadata('dpop_bound_access_tokens', flag, false, 'Its tokens are always bound to a key of its own: a request for tokens without a DPoP proof is refused (RFC 9449 §5.2). Without this it may send proofs or not.', '令牌始终绑定到客户端自己的密钥：申请令牌时不带 DPoP 证明即被拒绝（RFC 9449 §5.2）。未设置时，是否发送证明由客户端决定。'),
  metadata('request_uris', listWhere('a list of https:// addresses', 100, requestAddress), [], 'Where it keeps request objects; only these addresses are asked. A fragment that is the SHA-256 of the content in base64url lets it be kept.', '客户端存放请求对象的地址，只会访问这些地址。片段为内容的 SHA-256（base64url）时可以缓存。'),
  metadata('client_uri', webAddress, null, 'The home page of the client.', '客户端主页。'),
  metadata('policy_uri', webAddress, null, 'Its privacy policy, linked from our pages.', '隐私政策链接。'),
  metadata('tos_uri', webAddress, null, 'Its terms of service, linked from our pages.', '服务协议链接。'),
  metadata('logo_uri', webAddress, null, 'Its picture (PNG, JPEG, WebP or GIF, at most 256 KiB). Fetched once, when it is set, and shown from our own address; without it pages show the name alone.', '图标地址（PNG、JPEG、WebP 或 GIF，不超过 256 KiB）。设置时获取一次，之后由本站提供；无法获取时页面只显示名称。'),
  metadata('contacts', listWhere('a list of texts', 10, contactProblem), [], 'How to reach the people who make it, such as e-mail addresses; for the operator.', '开发者的联系方式（如邮箱），供运营者使用。'),
  metadata('software_id', text(200), null, 'Which software it is an installation of (RFC 7591); for the operator.', '所属软件的标识（RFC 7591），供运营者使用。'),
  metadata('software_version', text(100), null, 'The version of that software.', '该软件的版本。'),
  metadata('default_max_age', orNothing(wholeNumber(0, 315_360_000)), null, 'Longest time since the sign-in, in seconds, where its request has no max_age.', '请求未带 max_age 时，距上次登录的最长秒数。'),
  metadata('require_auth_time', flag, false, 'It needs `auth_time` in its ID tokens. They always have it.', '要求 ID 令牌包含 `auth_time`；始终包含。'),
  metadata('default_acr_values', listWhere('a list of authentication classes', 20, acrProblem), [], 'Authentication classes it prefers, where its request has no acr_values.', '请求未带 acr_values 时期望的认证级别。'),
  metadata('initiate_login_uri', httpsAddress, null, 'Where it begins a sign-in of its own (OpenID Connect Core §4). People may start at our `/sso/start/CLIENT_ID`.', '由客户端发起登录的地址（OpenID Connect Core §4）。用户可从本站 `/sso/start/客户端ID` 开始。'),
  row('names', namesKind, {}, 'Its name in further languages: `{"en":"…","zh-CN":"…"}`. Registered as `client_name#en`.', '其他语言的名称：`{"en":"…","zh-CN":"…"}`。注册时写作 `client_name#en`。'),
  row('logo', logoKind, null, 'The stored picture that pages show; made from logo_uri or `--logo-file`. Null takes it away.', '页面显示的已保存图标，由 logo_uri 或 `--logo-file` 生成；设为 null 则删除。'),
  row('verified', flag, true, 'The operator knows who runs it. Clients that registered themselves begin as unverified: pages say so, consent is never implied, and strangers are not sent to it at once.', '运营者已核实该客户端。自行注册的客户端起初未经核实：页面会注明，不会省略授权页，也不会把未登录的访客直接跳转过去。'),
  row('recipient', text(100), null, 'Who receives the personal data; named on the consent page. The text of a preset comes in the language of the reader, any other as it was written.', '个人信息接收方，显示在授权页。预设的文字按用户的语言显示，其他文字原样显示。'),
  row('contact', text(200), null, 'How to reach the recipient; shown on the consent page.', '接收方的联系方式，显示在授权页。'),
  row('purpose', text(300), null, 'What the data is for; shown on the consent page. The text of a preset comes in the language of the reader, any other as it was written.', '处理目的，显示在授权页。预设的文字按用户的语言显示，其他文字原样显示。'),
  row('consent', oneOf('ask', 'implied'), 'ask', '`implied` shows no consent page; the operator declares that people have agreed otherwise.', '`implied` 不显示授权页，由运营者声明已另行取得同意。'),
  row('strictAuthMethod', flag, false, 'Accept only the registered secret method.', '只接受登记的那一种密钥方式。'),
  row('assertionAudience', oneOf('any', 'issuer'), 'any', 'What `aud` of its assertions may be: the issuer or an endpoint that takes them, or the issuer alone, as one string.', '客户端断言中 `aud` 的取值：issuer 或接受断言的端点；`issuer` 表示只能是 issuer 这一个字符串。'),
  row('bothWhenIdentical', flag, false, 'Accept the same secret in header and body at once.', '允许请求头和请求体同时携带相同密钥。'),
  row('errorDisplay', oneOf('redirect', 'local'), 'redirect', 'Send authorization errors to the redirect URI, or show them on a page of ours.', '授权错误跳回客户端，或在本站页面显示。'),
  row('frameAncestors', listWhere('a list of origins', 20, origin), [], 'Origins that may show our pages in a frame.', '允许以框架嵌入本站页面的来源。'),
  row('resources', listWhere('a list of resource identifiers', 100, resourceProblem), [], 'Resources it may ask for, by their identifiers (RFC 8707); see `lingpai resource list`.', '允许请求的资源标识（RFC 8707），见 `lingpai resource list`。'),
  row('servesResources', listWhere('a list of resource identifiers', 100, resourceProblem), [], 'Resources that it is the server of: it may introspect the access tokens that are meant for them.', '它作为资源服务器所提供的资源：可内省发给这些资源的访问令牌。'),
  row('introspection', oneOf('own', 'all'), 'own', 'Whose access tokens it may introspect; `all` is for resource servers.', '可内省哪些访问令牌；`all` 用于资源服务器。'),
  row('authorize.defaultResponseType', oneOf('none', 'code'), 'none', 'What a missing response_type means.', '缺少 response_type 时的取值。'),
  row('authorize.pkce', oneOf('required', 'optional', 'off', 'unprotected'), pkceFallback, 'Whether PKCE (S256) must be used. A challenge that was sent always binds, unless `off`. `unprotected` is `optional` for a public client that was made before PKCE: whoever else receives its code can use it.', '是否必须使用 PKCE（S256）。unprotected 等同 optional，仅为不支持 PKCE 的旧公开客户端而设：截获授权码者即可使用。'),
  row('authorize.iss', flag, true, 'Add `iss` to authorization answers (RFC 9207).', '授权响应中附带 `iss`（RFC 9207）。'),
  row('authorize.unknownScopes', oneOf('ignore', 'refuse'), 'ignore', 'What happens to scopes the client may not have.', '未登记的权限范围：忽略或拒绝。'),
  row('authorize.scopeSeparators', oneOf('space', 'space-or-comma'), 'space', 'How scope names are separated in its requests.', '权限范围的分隔符。'),
  row('token.paramSources', listOf('form', 'json', 'query'), ['form'], 'Where token request parameters may be. A secret in a query never counts.', '令牌请求参数的位置；查询串中的密钥一律无效。'),
  row('token.requireRedirectUri', flag, true, 'The token request must repeat redirect_uri.', '换取令牌时必须重复 redirect_uri。'),
  row('userinfo.tokenFrom', listOf('header', 'form', 'query'), ['header'], 'Where the access token may be at the user info endpoint.', '用户信息请求中访问令牌的位置。'),
  row('reply.expiresIn', oneOf('number', 'string'), 'number', 'How expires_in is written.', 'expires_in 的写法。'),
  row('reply.idToken', oneOf('auto', 'never'), 'auto', 'Send an ID token whenever `openid` was granted, or never.', '授予 `openid` 时返回 ID 令牌，或从不返回。'),
  row('reply.refreshToken', oneOf('offline_access', 'always', 'never'), 'offline_access', 'When a refresh token is issued.', '何时签发刷新令牌。'),
  row('claims', claimsKind, {}, 'Claims of its own, added to what the scopes give; `claims.NAME` sets one, and null removes it.', '自定义声明映射，在权限范围给出的声明之外附加；用 `claims.名称` 单独设置，设为 null 则删除。'),
  row('claimsFrom', oneOf('scope-and-map', 'map'), 'scope-and-map', '`map`: the claim map alone decides, whatever the scope.', '`map`：仅由映射决定返回内容，与权限范围无关。'),
  row('idToken.claims', oneOf('minimal', 'all'), 'minimal', '`all`: the claims of user info are in the ID token too, for clients that never ask for user info.', '`all`：ID 令牌中也包含用户信息里的声明，适用于不调用用户信息接口的客户端。'),
  row('phone.format', oneOf('e164', 'cn-national', 'cn-dashed'), 'e164', 'How phone numbers are written: +8613800138000, 13800138000 or +86-13800138000.', '手机号写法：+8613800138000、13800138000 或 +86-13800138000。'),
  row('phone.nonMainland', oneOf('e164', 'omit'), 'e164', 'What happens to numbers outside mainland China.', '非大陆号码的处理方式。'),
  row('phone.unverified', oneOf('send-false', 'omit'), 'send-false', 'Whether a number that was not verified is sent (and said to be so).', '未验证的手机号：带标记发送或不发送。'),
  row('empty', oneOf('omit', 'null', ''), 'omit', 'How a claim without a value is written.', '没有值的声明的写法。'),
]

/** The kind of a setting, for an option that speaks of the same values. */
export function kindOf<T>(name: string): Kind<T> {
  const setting = CLIENT_SETTINGS.find((each) => each.name === name)
  if (setting === undefined) throw new RangeError(`${name} is no setting`)
  // Its row says so: whoever asks names the type that the row has.
  return setting.kind as Kind<T>
}

export interface SettingDescription {
  readonly name: string
  readonly values: string
  readonly fallback: string
  readonly byClient: boolean
  readonly en: string
  readonly zh: string
}

/** Rows of the reference page. */
export function describeSettings(): readonly SettingDescription[] {
  const codeFlow = { grant_types: ['authorization_code'] }
  return CLIENT_SETTINGS.map(({ name, kind, fallback, byClient, en, zh }) => {
    const [confidential, ofPublic] = ['client_secret_basic', 'none'].map((token_endpoint_auth_method) =>
      JSON.stringify(fallback({ ...codeFlow, token_endpoint_auth_method })),
    )
    const both = `${confidential}; public clients ${ofPublic}`
    const told = confidential === ofPublic ? `${confidential}` : both
    return { name, values: kind.describes, fallback: told, byClient, en, zh }
  })
}
