// A person and a client application with what every record must have.

import { presetNamed } from '../../src/administration/presets/index.ts'
import { flattenSettings, parseClient } from '../../src/model/client/settings.ts'
import type { NewUser } from '../../src/store/verbs/users.ts'

export function person(name: string, fields: Partial<NewUser> = {}): NewUser {
  return {
    userId: `id-${name}`,
    username: name,
    usernameKey: name,
    profile: { displayName: name, custom: { team: '制作' } },
    phone: null,
    phoneVerified: false,
    email: null,
    emailVerified: false,
    passwordHash: null,
    enabled: true,
    ...fields,
  }
}

export function clientNamed(clientId: string) {
  const settings = flattenSettings({
    ...flattenSettings(presetNamed('openid-connect').settings),
    client_name: clientId,
    redirect_uris: [`https://${clientId}.test/cb`],
  })
  return parseClient(settings, { client_id: clientId, preset: 'openid-connect', consentDeclared: true })
}
