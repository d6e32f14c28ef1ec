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
  notes: [
    {
      en: 'It has no secret: the redirect URI and PKCE are what protects it, so register exact addresses on https.',
      'zh-CN': '没有密钥：安全性依赖回调地址和 PKCE，请登记准确的 https 地址。',
    },
    {
      en: 'Code in the page can read its tokens. Where there is a back end, let it sign people in with the preset openid-connect instead.',
      'zh-CN': '页面脚本可以读到令牌。如有后端，建议改由后端使用 openid-connect 预设登录。',
    },
  ],
}
