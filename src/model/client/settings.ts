// From settings as somebody wrote them to a client, and between a client and its stored text. What settings there are
// is in `setting-table.ts`, what cannot go together in `contradictions.ts`.

import { nearestName } from '../names/nearest-name.ts'
import { type SettingProblem, shown } from '../setting.ts'
import type { Client } from './client.ts'
import { contradictionsOf } from './contradictions.ts'
import { CLIENT_SETTINGS, type PlainSettings, type Setting } from './setting-table.ts'

export type { SettingProblem } from '../setting.ts'
export { CLIENT_SETTINGS, describeSettings, type PlainSettings } from './setting-table.ts'

const byName = new Map(CLIENT_SETTINGS.map((setting) => [setting.name, setting]))
const groups = new Set(CLIENT_SETTINGS.flatMap(({ name }) => (name.includes('.') ? name.split('.', 1) : [])))

/** `claims.user_id`: one entry of the claim map. */
const CLAIM = /^claims\..+$/

/** All problems at once, so that nobody has to find them one after another. */
export class InvalidClient extends Error {
  readonly problems: readonly SettingProblem[]
  constructor(problems: readonly SettingProblem[]) {
    super(problems.map(({ setting, problem }) => `${setting} ${problem}`).join('; '))
    this.name = 'InvalidClient'
    this.problems = problems
  }
}

/** Nested groups become dotted names. Throws `InvalidClient` for names that we do not know. */
export function flattenSettings(input: unknown): PlainSettings {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new InvalidClient([{ setting: 'settings', problem: 'must be a map of names to values' }])
  }
  const flat: Record<string, unknown> = {}
  const problems: SettingProblem[] = []
  for (const [name, value] of Object.entries(input)) {
    const isGroup = groups.has(name) && typeof value === 'object' && value !== null && !Array.isArray(value)
    const pairs: [string, unknown][] = isGroup
      ? Object.entries(value).map(([inner, each]) => [`${name}.${inner}`, each])
      : [[name, value]]
    for (const [dotted, each] of pairs) {
      if (byName.has(dotted) || CLAIM.test(dotted)) flat[dotted] = each
      else problems.push(unknownSetting(dotted))
    }
  }
  if (problems.length > 0) throw new InvalidClient(problems)
  return flat
}

function unknownSetting(name: string): SettingProblem {
  const setting = /^[\w.:-]{1,80}$/.test(name) ? name : shown(name.slice(0, 80))
  const inner = [...byName.keys()].filter((known) => known.startsWith(`${name}.`))
  if (inner.length > 0) return { setting, problem: `is a group; its settings are ${inner.join(', ')}` }
  const nearest = nearestName(name, [...byName.keys()]) ?? nearestMember(name)
  if (nearest === null) return { setting, problem: 'is not a setting' }
  return { setting, problem: `is not a setting; did you mean ${nearest}?`, nearest }
}

/** `pkce` is meant as `authorize.pkce`. */
function nearestMember(name: string): string | null {
  const members = new Map([...byName.keys()].map((known) => [known.split('.').at(-1) ?? known, known]))
  return members.get(nearestName(name.split('.').at(-1) ?? name, [...members.keys()]) ?? '') ?? null
}

/** `authorize.pkce=required`: dotted name, value as JSON or as plain text. */
export function parseAssignment(assignment: string): PlainSettings {
  const equals = assignment.indexOf('=')
  if (equals < 1) {
    throw new InvalidClient([{ setting: shown(assignment.slice(0, 80)), problem: 'must be written NAME=VALUE' }])
  }
  const name = assignment.slice(0, equals).trim()
  const setting = byName.get(name)
  if (setting === undefined && !CLAIM.test(name)) throw new InvalidClient([unknownSetting(name)])
  const written = assignment.slice(equals + 1)
  if (setting !== undefined && written.trim() === '') assertMayBeEmpty(setting)
  const value = valueOf(written)
  // `contact=95716` is JSON too, but meant as text.
  const isMeantAsText = setting !== undefined && 'problem' in setting.kind.parse(value) && typeof value !== 'string'
  return { [name]: isMeantAsText && 'value' in setting.kind.parse(written) ? written : value }
}

/** An empty value after the sign means that the value should go: in JSON other words say that. */
function assertMayBeEmpty({ name, kind }: Setting): void {
  const empty = kind.parse('')
  if ('value' in empty) return
  const words = ([null, []] as const).find((nothing) => 'value' in kind.parse(nothing))
  const advice = words === undefined ? '' : `; to remove the value, write ${name}=${JSON.stringify(words)}`
  throw new InvalidClient([{ setting: name, problem: `${empty.problem}${advice}` }])
}

function valueOf(written: string): unknown {
  try {
    return JSON.parse(written)
  } catch {
    return written
  }
}

export interface ClientContext {
  readonly client_id: string
  readonly preset: string
  /** The operator declares that people have consented in another way. */
  readonly consentDeclared?: boolean
}

/** Settings with the strict defaults filled in. Throws `InvalidClient` for wrong values and contradictions. */
export function parseClient(input: unknown, context: ClientContext): Client {
  const settings = withSingleClaims(flattenSettings(input))
  const problems: SettingProblem[] = []
  const values: Record<string, unknown> = {}
  for (const setting of CLIENT_SETTINGS) {
    const given = settings[setting.name]
    if (given === undefined) {
      values[setting.name] = setting.fallback(values)
      continue
    }
    const parsed = setting.kind.parse(given)
    if ('value' in parsed) values[setting.name] = parsed.value
    else problems.push({ setting: setting.name, problem: parsed.problem })
  }
  if (problems.length > 0) throw new InvalidClient(problems)
  const client = assemble(values, context)
  const contradictions = contradictionsOf(client, context.consentDeclared ?? false)
  if (contradictions.length > 0) throw new InvalidClient(contradictions)
  return client
}

/** `claims.NAME` is added to the map, replacing an entry of that name; null removes it. */
function withSingleClaims(settings: PlainSettings): PlainSettings {
  const single = Object.entries(settings).filter(([name]) => CLAIM.test(name))
  const { claims = {} } = settings
  if (single.length === 0 || typeof claims !== 'object' || claims === null) return settings
  const map = new Map<string, unknown>(Object.entries(claims))
  for (const [name, rule] of single) {
    const claim = name.slice('claims.'.length)
    if (rule === null) map.delete(claim)
    else map.set(claim, rule)
  }
  return { ...settings, claims: Object.fromEntries(map) }
}

function assemble(values: PlainSettings, { client_id, preset }: ClientContext): Client {
  const client: Record<string, unknown> = { client_id, preset }
  for (const { name } of CLIENT_SETTINGS) {
    const [group = '', inner] = name.split('.')
    if (inner === undefined) client[group] = values[name]
    else client[group] = { ...(client[group] as object | undefined), [inner]: values[name] }
  }
  // The one place where checked values become the type: each came from its row above.
  return client as unknown as Client
}

/** As the store keeps it. */
export function toPlain(client: Client): string {
  return JSON.stringify(client)
}

/** A stored client; settings that are newer than the record get their strict defaults. */
export function fromStored(json: string): Client {
  const stored = JSON.parse(json) as Client & PlainSettings
  if (isWhole(stored)) return stored
  const flat = flattenStored(stored)
  const values: Record<string, unknown> = {}
  for (const { name, fallback } of CLIENT_SETTINGS) values[name] = flat[name] ?? fallback(values)
  return assemble(values, stored)
}

const PATHS = CLIENT_SETTINGS.map(({ name, fallback }) => {
  const [group = '', inner] = name.split('.')
  return { group, inner, fallback }
})
const MEMBERS = new Set(['client_id', 'preset', ...PATHS.map(({ group }) => group)]).size
const MEMBERS_OF = [...groups].map((group) => ({
  group,
  members: PATHS.filter((path) => path.group === group).length,
}))

/**
 * This release has written the record, so no defaults are missing. That saves two thirds of the time and half of the
 * memory.
 */
function isWhole(record: PlainSettings): boolean {
  if (Object.keys(record).length !== MEMBERS) return false
  for (const { group, members } of MEMBERS_OF) if (Object.keys(record[group] ?? {}).length !== members) return false
  return PATHS.every(({ group, inner, fallback }) => {
    const member = record[group]
    const value = inner === undefined ? member : (member as PlainSettings)[inner]
    return value !== undefined && (value !== null || fallback(record) === null)
  })
}

function flattenStored(stored: object): PlainSettings {
  const flat: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(stored)) {
    if (groups.has(name)) for (const [inner, each] of Object.entries(value)) flat[`${name}.${inner}`] = each
    else flat[name] = value
  }
  return flat
}

/** A client's settings as dotted names, to be changed and parsed again. */
export function settingsOf(client: Client): PlainSettings {
  const flat = flattenStored(client)
  return Object.fromEntries(CLIENT_SETTINGS.map(({ name }) => [name, flat[name]]))
}
