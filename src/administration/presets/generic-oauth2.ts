// Applications that speak plain OAuth 2.0 and read a flat profile: Grafana, GitLab, Wiki.js, Nextcloud and their kind.

import type { Preset } from './preset.ts'

export const genericOauth2: Preset = {
  name: 'generic-oauth2',
  title: { en: 'Plain OAuth 2.0 application', 'zh-CN': '通用 OAuth 2.0 应用' },
  description: {
    en: 'For applications that expect id, login, username, name and email at the user info endpoint, with or without openid.',
    'zh-CN': '适用于从用户信息接口读取 id、login、username、name、email 的应用，是否请求 openid 均可。',
  },
  recommendedScope: 'openid profile email',
  settings: {
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid profile email phone address offline_access',
    authorize: { scopeSeparators: 'space-or-comma' },
    token: { requireRedirectUri: false },
    // node-oauth sends the token in the header and the query at once.
    userinfo: { tokenFrom: ['header', 'form', 'query'] },
    claims: {
      sub: 'id',
      id: 'id',
      user_id: 'id',
      username: 'username',
      login: 'username',
      preferred_username: 'username',
      name: ['displayName', 'username'],
      email: 'email',
      email_verified: 'emailVerified',
      picture: 'picture',
    },
    claimsFrom: 'map',
  },
}
