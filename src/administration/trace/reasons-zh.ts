// In Chinese what the trace says of requests that were answered, and where credentials were: both come from few fixed words of
// ours. The reason of a refusal quotes what was sent and stays as it is; its rule is explained by the hint.

const PAGES: ReadonlyMap<string, string> = mapOf({
  'sign-in': '登录页',
  'choose-account': '账号选择页',
  consent: '授权页',
})

const BECAUSE: ReadonlyMap<string, string> = mapOf({
  no_session: '该浏览器尚未登录',
  prompt: '应用要求重新登录（prompt）',
  max_age: '上次登录的时间超过了 max_age',
  id_token_hint: '已登录的不是 id_token_hint 所指的用户',
  select_account: '需要选择账号',
  consent: '需要用户授权',
})

const FIXED: ReadonlyMap<string, string> = mapOf({
  'the code was sent to the client': '授权码已发送给应用',
  'tokens were sent to the client without a code': '令牌已直接发送给应用（没有授权码）',
  'user info answered': '已返回用户信息',
  introspected: '已返回令牌的状态',
  'revocation answered': '已答复撤销请求',
  'the sessions of this browser are ended': '该浏览器中的会话已结束',
  'the person stayed signed in': '用户选择保持登录',
  'the person was sent to where the client begins its sign-in': '已将用户转到应用发起登录的地址',
  'the client registered itself': '应用已自行注册',
  'the client read its registration': '应用读取了自己的注册信息',
  'the client changed its registration': '应用修改了自己的注册信息',
  'the client removed itself': '应用删除了自己的注册',
})

/** What is not known, such as the words of a newer release, is given back as it is. */
export function answerInChinese(reason: string): string {
  const [, page = '', because = ''] = /^sent to the page (\S+) because of (\S+)$/.exec(reason) ?? []
  if (PAGES.has(page) && BECAUSE.has(because)) return `已转到${PAGES.get(page)}：${BECAUSE.get(because)}`
  const [, grantType] = /^tokens issued by (\S+)$/.exec(reason) ?? []
  if (grantType !== undefined) return `已凭 ${grantType} 签发令牌`
  return FIXED.get(reason) ?? reason
}

const PLACES: ReadonlyMap<string, string> = mapOf({
  none: '无',
  basic: '请求头（Basic）',
  bearer: '请求头（Bearer）',
  dpop: '请求头（DPoP）',
  'header without a scheme': '请求头（没有认证方案）',
  'header with another scheme': '请求头（其他认证方案）',
  body: '请求体',
  assertion: '请求体中的断言',
  'token in the body': '请求体中的令牌',
  query: '查询串',
  'assertion in the query': '查询串中的断言',
  'token in the query': '查询串中的令牌',
})

export function placesInChinese(credentials: string): string {
  return credentials
    .split(' + ')
    .map((place) => PLACES.get(place) ?? place)
    .join(' + ')
}

function mapOf(words: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(words))
}
