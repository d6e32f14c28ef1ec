// A television, a printer, a program at a terminal: no browser of its own. RFC 8628.

import { DEVICE_CODE } from '../../model/client/client.ts'
import type { Preset } from './preset.ts'

export const device: Preset = {
  name: 'device',
  title: { en: 'Device without a browser', 'zh-CN': '没有浏览器的设备' },
  description: {
    en: 'A public client that shows a code, which somebody types in a browser elsewhere. It needs no redirect URI.',
    'zh-CN': '显示代码的公开客户端，用户在别处的浏览器中输入该代码。不需要回调地址。',
  },
  recommendedScope: 'openid profile offline_access',
  settings: {
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    grant_types: [DEVICE_CODE, 'refresh_token'],
    response_types: [],
    scope: 'openid profile email phone address offline_access',
  },
  notes: [
    {
      en: 'Name it as people know the device: the name is what they see before they let it in.',
      'zh-CN': '请使用用户熟悉的设备名称：用户在同意之前看到的就是它。',
    },
  ],
}
