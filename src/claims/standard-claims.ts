// The standard claims: which scope gives which, where each comes from, and which kind of personal data it is. OpenID
// Connect Core §5.1, §5.4. The ID token, user info, the consent page and the metadata all read this one table.

import type { ClaimSource } from '../model/client/claim-rule.ts'
import type { ClaimRule } from '../model/client/client.ts'
import type { DataKind } from '../model/data-kind.ts'

type Row = readonly [scope: string, claim: string, source: ClaimSource, type: ClaimRule['type']]

// biome-ignore format: a table is read by its columns
const TABLE: readonly Row[] = [
  ['profile', 'name',                  'displayName',   'string'],
  ['profile', 'given_name',            'givenName',     'string'],
  ['profile', 'family_name',           'familyName',    'string'],
  ['profile', 'middle_name',           'middleName',    'string'],
  ['profile', 'nickname',              'nickname',      'string'],
  ['profile', 'preferred_username',    'username',      'string'],
  ['profile', 'profile',               'profile',       'string'],
  ['profile', 'picture',               'picture',       'string'],
  ['profile', 'website',               'website',       'string'],
  ['profile', 'gender',                'gender',        'string'],
  ['profile', 'birthdate',             'birthdate',     'string'],
  ['profile', 'zoneinfo',              'zoneinfo',      'string'],
  ['profile', 'locale',                'locale',        'string'],
  ['profile', 'updated_at',            'updatedAt',     'number'],
  ['email',   'email',                 'email',         'string'],
  ['email',   'email_verified',        'emailVerified', 'boolean'],
  ['address', 'address',               'address',       'json'],
  ['phone',   'phone_number',          'phone',         'string'],
  ['phone',   'phone_number_verified', 'phoneVerified', 'boolean'],
]

export interface StandardClaim {
  readonly name: string
  readonly rule: ClaimRule
}

const byScope = new Map<string, readonly StandardClaim[]>()
for (const [scope, name, source, type] of TABLE) {
  byScope.set(scope, [...(byScope.get(scope) ?? []), { name, rule: { from: [source], type } }])
}

export function claimsOfScope(scope: string): readonly StandardClaim[] {
  return byScope.get(scope) ?? []
}

const byName = new Map(TABLE.map(([scope, name, source, type]) => [name, { scope, rule: { from: [source], type } }]))

/** A claim by its name, with the scope that gives it. */
export function standardClaim(name: string): { readonly scope: string; readonly rule: ClaimRule } | undefined {
  return byName.get(name)
}

export const STANDARD_SCOPES: readonly string[] = ['openid', ...byScope.keys(), 'offline_access']
export const STANDARD_CLAIM_NAMES: readonly string[] = [
  'iss',
  'sub',
  'aud',
  'exp',
  'iat',
  'auth_time',
  'nonce',
  'acr',
  'amr',
  'at_hash',
  'sid',
  ...TABLE.map(([, name]) => name),
]

const KINDS: Readonly<Partial<Record<string, DataKind>>> = {
  id: 'identifier',
  username: 'username',
  displayName: 'name',
  givenName: 'name',
  familyName: 'name',
  middleName: 'name',
  nickname: 'name',
  picture: 'picture',
  gender: 'gender',
  birthdate: 'birthdate',
  locale: 'locale',
  zoneinfo: 'locale',
  address: 'address',
  phone: 'phone',
  phoneVerified: 'phone',
  email: 'email',
  emailVerified: 'email',
  profile: 'other_profile',
  website: 'other_profile',
  updatedAt: 'other_profile',
}

/** Which kind of personal data a user's field is. */
export function kindOfSource(source: string): DataKind {
  return KINDS[source] ?? 'custom'
}
