// Any OpenID Connect application with a server of its own that keeps a secret.

import type { Preset } from './preset.ts'

export const openidConnect: Preset = {
  name: 'openid-connect',
  title: { en: 'OpenID Connect application', 'zh-CN': 'OpenID Connect 应用' },
  description: {
    en: 'A web application with a back end. Strict defaults; PKCE is honoured when sent.',
    'zh-CN': '带后端的网页应用。采用严格的默认设置；客户端发送 PKCE 时会强制校验。',
  },
  recommendedScope: 'openid profile email',
  settings: {
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid profile email phone address offline_access',
    userinfo: { tokenFrom: ['header', 'form'] },
  },
  notes: [
    {
      en: 'If the client sends PKCE at each sign-in, require it: authorize.pkce=required.',
      'zh-CN': '如果客户端每次登录都使用 PKCE，请将其设为必需：authorize.pkce=required。',
    },
    {
      en: 'To bring people back after a sign-out, register where: post_logout_redirect_uris=https://app.example.com/.',
      'zh-CN': '要让用户退出登录后回到应用，请登记返回地址：post_logout_redirect_uris=https://app.example.com/。',
    },
    {
      en: 'Names and addresses are at the user info endpoint; for a library that reads the ID token alone, such as Auth.js (NextAuth), set idToken.claims=all.',
      'zh-CN': '姓名、邮箱等在用户信息端点；如果库只读 ID 令牌，例如 Auth.js（NextAuth），请设 idToken.claims=all。',
    },
    {
      en: 'A refresh token is issued for the scope offline_access only; reply.refreshToken=always issues one at each sign-in.',
      'zh-CN': '仅在授予 offline_access 时签发刷新令牌；设 reply.refreshToken=always 则每次登录都签发。',
    },
  ],
}
