// What the descriptions of refusals say, in zh-CN. RFC 6749 §4.1.2.1 keeps them in ASCII, so clients are told in English; whoever
// stands before a page of ours reads Chinese. Equal descriptions become equal sentences: a page tells no more than they do.

const FIXED: ReadonlyMap<string, string> = new Map([
  // 客户端与回调地址
  ['client_id is missing or repeated', '缺少 client_id，或发送了多次'],
  ['The client is not known here', '本服务器没有这个客户端'],
  [
    'Nothing can be started here: the client is not known, or begins no sign-in of its own',
    '不能从此处发起登录：没有这个客户端，或它没有自己的登录入口',
  ],
  ['redirect_uri is missing', '缺少 redirect_uri'],
  ['redirect_uri is not registered for this client', '没有为该客户端登记这个 redirect_uri'],

  // 授权请求
  ['response_type is required', '缺少 response_type'],
  ['The client may not use this response_type', '该客户端不可使用这个 response_type'],
  ['This server does not have that response_type', '本服务器不支持这个 response_type'],
  ['This server does not have that response_mode', '本服务器不支持这个 response_mode'],
  ['Tokens are not sent in a query; use fragment or form_post', '令牌不会放在查询串中；请使用 fragment 或 form_post'],
  ['A form reaches https and http addresses only', 'form_post 只能到达 https 和 http 地址'],
  ['An ID token needs the scope openid', '要得到 ID 令牌，scope 中必须有 openid'],
  ['dpop_jkt must be the SHA-256 thumbprint of a key', 'dpop_jkt 必须是密钥的 SHA-256 指纹'],
  ['nonce is required with this response_type', '使用这个 response_type 时必须发送 nonce'],
  ['scope holds characters that are not allowed', 'scope 中有不允许的字符'],
  ['scope holds a name this client may not have', 'scope 中有该客户端不可使用的名称'],
  ['The authorization request is too large', '授权请求过大'],
  ['prompt has an unknown value', 'prompt 中有未知的值'],
  ['prompt none goes with no other value', 'prompt=none 不能与其他值同时使用'],
  ['max_age must be a whole number of seconds', 'max_age 必须是整数秒数'],
  ['code_challenge is required, with method S256', '必须发送 code_challenge，方式为 S256'],
  ['code_challenge_method must be S256', 'code_challenge_method 必须是 S256'],
  ['code_challenge must be 43 base64url characters', 'code_challenge 必须是 43 个 base64url 字符'],
  ['The request names two persons, or nobody', '请求指明了两个人，或没有指明任何人'],
  [
    'This server has none of the authentication classes that acr must have',
    '请求要求的认证级别（acr），本服务器都没有',
  ],
  [
    'id_token_hint was not issued by this server, or not to this client',
    'id_token_hint 不是本服务器签发的，或不是签发给该客户端的',
  ],
  [
    'The resource is malformed, unknown, or not one that this client may ask for here',
    'resource 格式不正确、不存在，或该客户端不可请求',
  ],
  ['The user must sign in', '用户需要登录'],
  ['The user has not consented yet', '用户尚未同意授权'],
  ['The user refused', '用户拒绝了授权'],
  ['The request met a change of the session or the client; try again', '请求过程中会话或客户端发生了变化；请重试'],
  [
    'The client is registered for a signature that this server does not make',
    '该客户端登记的签名算法，本服务器没有启用',
  ],
  [
    'The key that signs for this client is published and not in use yet',
    '为该客户端签名的密钥已公布，但尚未开始使用；请稍后再试',
  ],
  ['The client is registered for encryption, and has no key for it', '该客户端登记为接收加密内容，却没有可用的公钥'],
  ['The keys of the client cannot be read now', '暂时无法读取该客户端的公钥'],

  // 请求对象
  [
    'This client must push its request first, and send the request_uri that it gets',
    '该客户端必须先推送请求，再发送所得的 request_uri',
  ],
  ['request_uri must not be pushed', '推送的请求中不得含有 request_uri'],
  ['This client must send its request as a signed request object', '该客户端必须以签名的请求对象发送请求'],
  ['request and request_uri must not both be sent', 'request 与 request_uri 不能同时发送'],
  ['This client is not registered for request objects without a signature', '该客户端没有登记使用不带签名的请求对象'],

  // 退出登录
  ['id_token_hint was not issued by this server', 'id_token_hint 不是本服务器签发的'],
  ['client_id and id_token_hint belong to different clients', 'client_id 与 id_token_hint 属于不同的客户端'],
  [
    'post_logout_redirect_uri is not registered for the client, or no client was named',
    '没有为该客户端登记这个 post_logout_redirect_uri，或请求没有指明客户端',
  ],

  // 请求本身
  ['The body is not UTF-8', '请求体不是 UTF-8'],
  ['The charset of the body must be UTF-8', '请求体的字符集必须是 UTF-8'],
  ['The multipart body cannot be read', '上传的表单已损坏'],
  ['Only one file can be sent', '一次只能上传一个文件'],
  ['Too many parts', '上传的表单部分过多'],
  ['The form is too large', '表单过大'],
  ['The request cannot be answered', '此地址不支持这种请求方法'],
])

/** The rest of a sentence that begins with "The request object". */
const REQUEST_OBJECT: ReadonlyMap<string, string> = new Map([
  ['is no signed JWT: three parts separated by dots', '不是签名的 JWT：应为以点分隔的三段'],
  ['has no signature', '没有签名'],
  ['holds no JSON object in base64url', '的内容不是以 base64url 编码的 JSON 对象'],
  ['says in its header that something unknown is critical', '的头部把未知的内容列为必须理解（crit）'],
  ['says in its header that it is another kind of token', '的头部表明它是另一种令牌（typ）'],
  ['is nested too deeply', '嵌套过深'],
  ['holds text that is no Unicode, or U+0000', '中有不合法的 Unicode 文本，或含有 U+0000'],
  ['has another client_id than the request', '中的 client_id 与请求中的不一致'],
  ['has an iss that is not the client_id', '的 iss 不是 client_id'],
  ['has the client as sub', '的 sub 是客户端自己'],
  ['has expired', '已过期'],
  ['is encrypted, which this server does not take', '经过加密，而本服务器没有开启这一功能'],
  ['is no encrypted JWT', '不是加密的 JWT'],
  ['is packed, or has something critical in its header', '经过压缩，或头部有必须理解的内容（crit）'],
  ['is encrypted in a way that is not known here', '的加密算法不受支持'],
  ['is encrypted in another way than the client has registered', '的加密算法与客户端登记的不一致'],
  ['is encrypted for a key that is not ours', '不是用本服务器的公钥加密的'],
  ['cannot be decrypted', '无法解密'],
  ['is signed in another way than this client may', '的签名算法不在该客户端允许之列'],
  ['is not signed by the client', '不是由该客户端签名的'],
])

/** The rest of a sentence that begins with "The parameter claims". */
const CLAIMS: ReadonlyMap<string, string> = new Map([
  ['is not JSON', '不是 JSON'],
  ['must be a JSON object', '必须是 JSON 对象'],
  ['holds a claim name that is empty or too long', '中有声明的名称为空或过长'],
  ['must give null or an object for each claim', '中每项声明的值必须是 null 或对象'],
  ['must have true or false as essential', '中的 essential 必须是 true 或 false'],
  ['must not have value and values at once', '中不能同时有 value 与 values'],
  ['must have a list of values as values', '中的 values 必须是非空的列表'],
])

/** The rest of a sentence that begins with "The query cannot be read:" or "The body cannot be read:". */
const UNREADABLE: ReadonlyMap<string, string> = new Map([
  ['a percent sign is not followed by two hexadecimal digits', '百分号后面不是两位十六进制数字'],
  ['the percent-encoded bytes are not UTF-8', '百分号编码的内容不是 UTF-8'],
  ['a parameter holds U+0000', '有参数含有 U+0000'],
])

/** Null where a map does not know the rest: then the whole is not known. */
const rest = (words: ReadonlyMap<string, string>, english: string, tell: (chinese: string) => string) => {
  const chinese = words.get(english)
  return chinese === undefined ? null : tell(chinese)
}

type Told = (first: string, second: string) => string | null

/** The first that fits. Names of parameters, numbers and addresses are taken over. */
const PATTERNS: readonly (readonly [RegExp, Told])[] = [
  [/^(\S+) is sent more than once$/, (name) => `${name} 发送了多次`],
  [/^state is longer than (\d+) characters$/, (most) => `state 超过 ${most} 个字符`],
  [/^The request object is longer than (\d+) characters$/, (most) => `请求对象超过 ${most} 个字符`],
  [/^The request object has more than (\d+) members$/, (most) => `请求对象的成员超过 ${most} 个`],
  [/^The request object holds the parameter (\w+)$/, (name) => `请求对象中不得包含参数 ${name}`],
  [/^The request object has an aud that does not name (\S+)$/, (issuer) => `请求对象的 aud 中没有 ${issuer}`],
  [/^The request object has an (\w+) that is no number$/, (name) => `请求对象的 ${name} 不是数字`],
  [/^The request object is not valid yet, by its (\w+)$/, (name) => `请求对象尚未生效（${name}）`],
  [/^The request object cannot be verified: ./, () => '无法验证请求对象的签名：没有取得与它相符的公钥'],
  [/^The request object (.+)$/, (problem) => rest(REQUEST_OBJECT, problem, (chinese) => `请求对象${chinese}`)],
  [/^The request_uri is not registered for this client$/, () => '没有为该客户端登记这个 request_uri'],
  [/^The request_uri cannot be read: ./, () => '无法从 request_uri 读取请求对象'],
  [/^The parameter claims is longer than (\d+) bytes$/, (most) => `参数 claims 超过 ${most} 字节`],
  [/^The parameter claims is nested more than (\d+) levels deep$/, (most) => `参数 claims 嵌套超过 ${most} 层`],
  [/^The parameter claims must have an object as (\w+)$/, (door) => `参数 claims 中的 ${door} 必须是对象`],
  [
    /^The parameter claims asks for more than (\d+) claims in (\w+)$/,
    (most, door) => `参数 claims 在 ${door} 中要求的声明超过 ${most} 项`,
  ],
  [/^The parameter claims (.+)$/, (problem) => rest(CLAIMS, problem, (chinese) => `参数 claims ${chinese}`)],
  [/^The Content-Type must be (\S+)$/, (type) => `Content-Type 必须是 ${type}`],
  [/^The (?:query|body) cannot be read: more than (\d+) parameters$/, (most) => `参数超过 ${most} 个`],
  [
    /^The query cannot be read: (.+)$/,
    (problem) => rest(UNREADABLE, problem, (chinese) => `查询串无法读取：${chinese}`),
  ],
  [
    /^The body cannot be read: (.+)$/,
    (problem) => rest(UNREADABLE, problem, (chinese) => `请求体无法读取：${chinese}`),
  ],
  [/^A field is larger than (\d+) bytes$/, (most) => `表单中有字段超过 ${most} 字节`],
  [/^The file is larger than (\d+) bytes$/, (most) => `文件超过 ${most} 字节`],
  [/^More than (\d+) fields$/, (most) => `表单的字段超过 ${most} 个`],
]

/** Null: not known, as those of another release that a page brings back are. */
export function descriptionInChinese(description: string): string | null {
  const fixed = FIXED.get(description)
  if (fixed !== undefined) return fixed
  for (const [pattern, tell] of PATTERNS) {
    const found = pattern.exec(description)
    if (found !== null) return tell(found[1] ?? '', found[2] ?? '')
  }
  return null
}
