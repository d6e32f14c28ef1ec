// What is wrong with the settings that a program of somebody else starts a server with. They are held to the rows of
// the options, because types are gone at run time and a mistyped name or word must not quietly mean something else.

import { isDeepStrictEqual } from 'node:util'
import { type StatementIssuer, statementIssuers } from '../model/client/registration-policy.ts'
import { nearestName } from '../model/names/nearest-name.ts'
import { type Kind, shown } from '../model/setting.ts'
import { issuerAddress } from './issuer.ts'
import { ROWS } from './table.ts'

type Plain = Readonly<Record<string, unknown>>
/** Null: nothing is wrong; else the end of a sentence that begins with the setting's name. */
type Check = (value: unknown) => string | null

/**
 * Checks for settings that are not in the table of options, or have another form there. They check the form only: what
 * else may be wrong is found by the parts that use the value.
 */
const OWN: Readonly<Record<string, Check>> = {
  issuer: (value) => asKind(issuerAddress, value),
  database: (value) =>
    can(value, 'rows', 'atomic') ? null : 'must be await sqlite({ file }) or await postgres({ url })',
  // Either the text of a key, or a key that was loaded; a buffer is neither.
  masterKey: (value) =>
    typeof value === 'string' || can(value, 'key', 'hmac')
      ? null
      : 'must be the text of a master key: 32 bytes as base64url',
  alternativeOrigins: (value) =>
    Array.isArray(value) && value.every(isOrigin) ? null : 'must be a list of origins such as https://sso.internal',
  log: (value) =>
    can(value, 'debug', 'info', 'warn', 'error') ? null : "must be what createLog('info', 'json') makes",
  clock: (value) => (can(value, 'now') ? null : 'must be a clock: { now() } gives seconds since 1970'),
  commandFlags: (value) =>
    isPlain(value) && ['operator', 'anybody'].every((name) => isFlags(value[name]))
      ? null
      : "must be { operator, anybody }, each empty or such as ' --data /srv/lingpai'",
  frontPage: (value) => (typeof value === 'boolean' ? null : 'must be true or false'),
  // RFC 7591 §2.3: a software statement is trusted only because of the keys of its issuer, so they have to be right.
  'registration.statementIssuers': statementIssuersProblem,
  // The same rule as on the pages: a path may not begin with two slashes, which would name another host.
  'brand.logo': (value) =>
    typeof value === 'string' && /^(?:\/(?![/\\])|data:image\/(?:png|jpeg|gif|webp|svg\+xml)[;,])/i.test(value)
      ? null
      : 'must be a path on this origin (/logo.svg) or a data:image/ address of a PNG, JPEG, GIF, WebP or SVG',
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
  'accountPage',
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

/** What is wrong, one sentence for each problem. Empty when a server can be made with these settings. */
export function settingsProblems(settings: unknown): readonly string[] {
  if (!isPlain(settings)) return ['the settings must be an object: { issuer, database, masterKey }']
  const given = settings
  const missing = REQUIRED.filter((name) => (given[name] ?? null) === null).map((name) => `${name} is required`)
  // A setting that is `undefined` counts as not given.
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

/**
 * Checks a value by the kind of an option. Unlike flags and variables, values of a program are not converted: `'4000'`
 * is no number.
 */
function asKind(kind: Kind<unknown>, value: unknown): string | null {
  const parsed = kind.parse(value)
  if ('problem' in parsed) return parsed.problem
  return isDeepStrictEqual(parsed.value, value) ? null : `must be written as ${JSON.stringify(parsed.value)}`
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isFlags(value: unknown): boolean {
  return typeof value === 'string' && /^(?: [^\n]+)?$/.test(value)
}

/** Whether it has all of these methods. */
function can(value: unknown, ...methods: readonly string[]): boolean {
  return isPlain(value) && methods.every((method) => typeof value[method] === 'function')
}

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value
}

function statementIssuersProblem(value: unknown): string | null {
  if (!Array.isArray(value) || !value.every(isStatementIssuer)) {
    return 'must be a list of { issuer, jwks, jwks_uri }, where one of the last two is null'
  }
  // What the keys and their address must be is said where the option is read.
  const parsed = statementIssuers.parse(
    Object.fromEntries(value.map(({ issuer, jwks, jwks_uri }) => [issuer, jwks ?? jwks_uri])),
  )
  return 'problem' in parsed ? parsed.problem : null
}

function isStatementIssuer(value: unknown): value is StatementIssuer {
  if (!isPlain(value) || typeof value['issuer'] !== 'string') return false
  const { jwks, jwks_uri: address } = value
  return (isPlain(jwks) && address === null) || (typeof address === 'string' && jwks === null)
}
