// A program on a phone or a computer. RFC 8252.

import type { Preset } from './preset.ts'

export const native: Preset = {
  name: 'native',
  title: { en: 'Native application', 'zh-CN': '桌面或移动应用' },
  description: {
    en: 'A public client on a device: loopback addresses with any port, or a private-use scheme. PKCE is required.',
    'zh-CN': '设备上的公开客户端：可使用任意端口的本机回调或私有协议。必须使用 PKCE。',
  },
  recommendedScope: 'openid profile email offline_access',
  settings: {
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid profile email phone address offline_access',
    authorize: { pkce: 'required' },
  },
  notes: [
    {
      en: 'Register http://127.0.0.1/callback or http://[::1]/callback: the program may then return on whatever port is free. Each host counts only for itself.',
      'zh-CN':
        '登记 http://127.0.0.1/callback 或 http://[::1]/callback 后，程序可使用任意空闲端口。每个主机名只对自身有效。',
    },
    {
      en: 'A private-use scheme needs a dot, such as com.example.app:/callback; https addresses claimed by the application are safer.',
      'zh-CN': '私有协议须含点号，例如 com.example.app:/callback；由应用认领的 https 地址更安全。',
    },
  ],
}
