// What is wrong with the settings that a program of somebody else starts a server with. They are held to the rows of
// the options, because types are gone at run time and a mistyped name or word must not quietly mean something else.

import { isDeepStrictEqual } from 'node:util'
import { nearestName } from '../model/nearest-name.ts'
import { type Kind, shown } from '../model/setting.ts'
import { issuerAddress } from './issuer.ts'
import { ROWS } from './table.ts'

type Plain = Readonly<Record<string, unknown>>
/** Null: nothing is wrong; else the end of a sentence that begins with the setting's name. */
type Check = (value: unknown) => string | null

/** Those that the table does not know, or knows in another form. Their own parts look at the rest of it. */
const OWN: Readonly<Record<string, Check>> = {
  issuer: (value) => asKind(issuerAddress, value),
  database: (value) =>
    isPlain(value) && 'dialect' in value ? null : 'must be await sqlite({ file }) or await postgres({ url })',
  masterKey: (value) =>
    typeof value === 'string' || isPlain(value) ? null : 'must be the text of a master key: 32 bytes as base64url',
  alternativeOrigins: (value) =>
    Array.isArray(value) && value.every(isOrigin) ? null : 'must be a list of origins such as https://sso.internal',
  log: (value) => (isPlain(value) ? null : "must be what createLog('info', 'json') makes"),
  clock: (value) => (isPlain(value) ? null : 'must be a clock'),
  // RFC 7591 §2.3: a statement is believed for its issuer's keys alone.
  'registration.statementIssuers': (value) =>
    Array.isArray(value) && value.every(isStatementIssuer)
      ? null
      : 'must be a list of { issuer, jwks, jwks_uri }, where one of the last two is null',
  'brand.logo': (value) =>
    typeof value === 'string' && /^(\/|data:image\/)/.test(value)
      ? null
      : 'must be a path on this origin (/logo.svg) or a data:image/ address',
  'brand.mark': (value) => (typeof value === 'string' && value !== '' ? null : 'must be one character'),
  'brand.gongan': (value) =>
    isPlain(value) && typeof value['text'] === 'string' && typeof value['recordCode'] === 'string'
      ? null
      : 'must be { text, recordCode }',
}

const FROM_THE_TABLE = [
  'endpointPrefix',
  'defaultLocale',
  'implicitAndHybrid',
  'frontChannelLogout',
  'sessionManagement',
  'unsignedJwt',
  'encryptedRequests',
  'unverifiedErrors',
  'trustedProxies',
  'outboundAllow',
  'outboundAllowStrangers',
  'proofFolder',
  'cachedClients',
  'workers',
  'acceptNewIssuer',
]

const GROUPS = ['brand', 'keys', 'lifetimes', 'limits', 'limits.guessing', 'limits.interactions', 'registration']

const CHECKS: ReadonlyMap<string, Check> = new Map([
  ...[...ROWS]
    .filter(([key]) => FROM_THE_TABLE.includes(key) || (key.includes('.') && key !== 'brand.gonganCode'))
    .map(([key, { kind }]): [string, Check] => [key, (value) => asKind(kind, value)]),
  ...Object.entries(OWN),
])

const REQUIRED = ['issuer', 'database', 'masterKey']

/** Sentences, each about one setting; none: a server can be made of them. */
export function settingsProblems(settings: object): readonly string[] {
  const given = settings as Plain
  const missing = REQUIRED.filter((name) => (given[name] ?? null) === null).map((name) => `${name} is required`)
  // What is left undefined is as good as not written.
  const written = Object.entries(given).filter(([name, value]) => value !== undefined && !REQUIRED.includes(name))
  const required = Object.entries(given).filter(([name, value]) => (value ?? null) !== null && REQUIRED.includes(name))
  return [...missing, ...[...required, ...written].flatMap(([name, value]) => problemsAt(name, value))]
}

function problemsAt(name: string, value: unknown): readonly string[] {
  if (GROUPS.includes(name)) {
    if (!isPlain(value)) return [`${name} must be an object`]
    return Object.entries(value).flatMap(([member, each]) => problemsAt(`${name}.${member}`, each))
  }
  const check = CHECKS.get(name)
  if (check === undefined) return [unknownName(name)]
  const problem = check(value)
  return problem === null ? [] : [`${name} ${problem}`]
}

function unknownName(name: string): string {
  const nearest = nearestName(name, [...CHECKS.keys(), ...GROUPS])
  return `${shown(name)} is no setting${nearest === null ? '' : `; did you mean ${nearest}?`}`
}

/** Texts that a flag may be are none here: what is given is used as it is. */
function asKind(kind: Kind<unknown>, value: unknown): string | null {
  const parsed = kind.parse(value)
  if ('problem' in parsed) return parsed.problem
  return isDeepStrictEqual(parsed.value, value) ? null : `must be written as ${JSON.stringify(parsed.value)}`
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value
}

function isStatementIssuer(value: unknown): boolean {
  if (!isPlain(value) || typeof value['issuer'] !== 'string') return false
  const { jwks, jwks_uri: address } = value
  return (isPlain(jwks) && address === null) || (typeof address === 'string' && jwks === null)
}
