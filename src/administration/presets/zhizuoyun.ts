// 制作云, Tencent's cloud video production platform, as its guide for customers' authorization servers describes it.

import type { Preset } from './preset.ts'

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
    recipient: '腾讯云制作云（深圳市腾讯计算机系统有限公司）',
    purpose: '登录制作云，并以手机号创建或绑定您的制作云账号',
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
}
