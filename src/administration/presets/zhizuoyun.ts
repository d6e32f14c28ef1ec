// 制作云, Tencent's cloud video production platform, as its guide for customers' authorization servers describes it.

import type { Preset } from './preset.ts'

const TEXTS = {
  recipient: { en: 'Tencent Cloud, 制作云', 'zh-CN': '腾讯云 制作云' },
  purpose: {
    en: 'To sign you in to 制作云, and to create or link your 制作云 account by your phone number',
    'zh-CN': '登录制作云，并以手机号创建或绑定您的制作云账号',
  },
} as const

export const zhizuoyun: Preset = {
  name: 'zhizuoyun',
  title: { en: '制作云 (Tencent cloud video production)', 'zh-CN': '制作云' },
  description: {
    en: 'One client per 制作云 tenant; several may share the one callback. The four claims of the contract are sent whatever the scope.',
    'zh-CN': '每个制作云租户一个客户端，可共用同一个回调地址。无论请求哪些权限范围，都返回约定的四个字段。',
  },
  recommendedScope: 'openid profile phone',
  settings: {
    redirect_uris: ['https://api.vs.tencent.com/Oauth/Login/Callback'],
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid profile email phone',
    // Nobody reads the ID token there, and RS256 costs half a millisecond.
    id_token_signed_response_alg: 'ES256',
    recipient: TEXTS.recipient['zh-CN'],
    contact: 'Dataprivacy@tencent.com',
    purpose: TEXTS.purpose['zh-CN'],
    consent: 'ask',
    authorize: { defaultResponseType: 'code', pkce: 'optional', iss: false, unknownScopes: 'ignore' },
    token: { paramSources: ['form', 'json', 'query'], requireRedirectUri: true },
    reply: { expiresIn: 'number', idToken: 'auto', refreshToken: 'always' },
    claims: {
      user_id: 'id',
      sub: 'id',
      name: ['displayName', 'username'],
      phone_number: 'phone',
      phone_number_verified: 'phoneVerified',
    },
    claimsFrom: 'map',
    phone: { format: 'cn-national', nonMainland: 'e164', unverified: 'send-false' },
    empty: 'omit',
  },
  texts: TEXTS,
  notes: [
    {
      en: 'The phone number creates or binds the account in 制作云: a wrong number gives somebody else that account. Mark a number as verified only when it is.',
      'zh-CN': '制作云用手机号创建或绑定账号：号码错误等于把账号交给别人。只有确认过的号码才标记为已验证。',
    },
    {
      en: 'Mainland numbers are sent as 11 digits without +86. If 制作云 expects another form, set phone.format to e164 or cn-dashed.',
      'zh-CN': '大陆号码以 11 位数字发送，不带 +86。如制作云要求其他写法，将 phone.format 设为 e164 或 cn-dashed。',
    },
    {
      en: '制作云 sends no PKCE: leave authorize.pkce at optional. It may admit only members whose phone number its administrator has added.',
      'zh-CN': '制作云不使用 PKCE：authorize.pkce 请保持 optional。制作云可能只允许其管理员已添加手机号的成员登录。',
    },
    {
      en: 'recipient, contact and purpose stand on the consent page: put in the names from your own contract with Tencent. The ones of this preset come in the language of the reader, your own as you write them.',
      'zh-CN':
        'recipient、contact、purpose 显示在授权页：请按贵公司与腾讯签订的合同填写。预设的文字按用户的语言显示，您自己填写的文字原样显示。',
    },
  ],
}
