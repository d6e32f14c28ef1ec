// Users and clients for tests of what clients are told.

import type { Client } from '../../src/model/client/client.ts'
import { parseClient } from '../../src/model/client/settings.ts'
import type { User } from '../../src/model/user.ts'

export function userOf(fields: Partial<User> = {}): User {
  return {
    number: 1,
    userId: 'f7b2da72-8200-484d-89c9-9aee1a75bd0f',
    username: 'alice',
    profile: { displayName: '张三' },
    phone: '+8613800138000',
    phoneVerified: true,
    email: 'alice@example.test',
    emailVerified: true,
    enabled: true,
    generation: 1,
    version: 1,
    createdAt: 1_780_000_000,
    updatedAt: 1_780_000_000,
    ...fields,
  }
}

export function clientWith(settings: object = {}): Client {
  return parseClient(
    { client_name: 'Client', redirect_uris: ['https://client.test/callback'], ...settings },
    { client_id: 'client', preset: 'openid-connect' },
  )
}
