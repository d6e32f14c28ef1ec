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
  notes: [
    {
      en: 'Grafana, GitLab, Wiki.js and Nextcloud work as they are; credentials may come in the header or in the body.',
      'zh-CN': 'Grafana、GitLab、Wiki.js、Nextcloud 可直接使用；客户端凭据可放在请求头或请求体中。',
    },
    {
      en: 'The access token may come in the query too, because node-oauth sends it there: keep queries out of the logs of your proxy.',
      'zh-CN': 'node-oauth 会把访问令牌也放进查询串：请勿在反向代理日志中记录查询串。',
    },
    {
      en: 'Every claim of the map is sent whatever the scope, because such applications ask for scopes of their own. Take out what one does not need: claims.email=null.',
      'zh-CN': '这类应用使用各自的权限范围，因此映射中的声明总会返回。不需要的可删除：claims.email=null。',
    },
  ],
}
