// An application that runs in the browser alone and keeps no secret.

import type { Preset } from './preset.ts'

export const spa: Preset = {
  name: 'spa',
  title: { en: 'Single-page application', 'zh-CN': '单页应用' },
  description: {
    en: 'A public client in the browser. PKCE is required; its origins may call the token and user info endpoints.',
    'zh-CN': '浏览器中的公开客户端。必须使用 PKCE；其来源可跨域调用令牌和用户信息接口。',
  },
  recommendedScope: 'openid profile email',
  settings: {
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid profile email phone address offline_access',
    authorize: { pkce: 'required' },
  },
}
