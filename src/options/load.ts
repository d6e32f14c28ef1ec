// Effective options: defaults, then one YAML file, then the environment, then flags. Whatever is unknown, wrong or
// contradictory is told at once, with the place it comes from.

import { join, resolve } from 'node:path'
import { nearestName } from '../model/names/nearest-name.ts'
import { readSmallFile } from '../platform/small-file.ts'
import { contradictions } from './contradictions.ts'
import { OptionsError, placeText, type Source, type Sources } from './problem.ts'
import { flagOf, nameOf, placesOf, type Row, variableOf } from './row.ts'
import { type Options, ROWS } from './table.ts'
import { type OptionsFile, readOptionsFile } from './yaml-file.ts'

/** Bytes of a file that holds one value: a secret, an address. */
const LARGEST_VALUE = 64 * 1024

export type Flags = Readonly<Record<string, unknown>>
export type Environment = Readonly<Record<string, string | undefined>>

export interface OptionsInput {
  /** By property name: `{ port: '4000', brandProductName: '…' }`. `undefined` is absent. */
  readonly flags?: Flags
  /** Default: the environment of this process. */
  readonly env?: Environment
  /** `--config FILE`. Default: LINGPAI_CONFIG, DATA/lingpai.yaml or ./lingpai.yaml, the first there is. */
  readonly file?: string | undefined
  /** Default: the working directory of this process. */
  readonly folder?: string
}

export interface LoadedOptions {
  readonly options: Options
  /** Where each value comes from, by key (`brand.productName`). */
  readonly sources: Sources
  /** The YAML file that was read. */
  readonly file: string | null
}

interface Given {
  readonly key: string
  readonly value: unknown
  readonly source: Source
  /** Folder that relative paths start from. */
  readonly base: string
}

const FILE_NAME = 'lingpai.yaml'
const CONFIG_VARIABLE = 'LINGPAI_CONFIG'
const KEYS = [...ROWS.keys()]
const BY_NAME = new Map(KEYS.map((key) => [nameOf(key), key]))
const BY_VARIABLE = new Map(KEYS.map((key) => [variableOf(key), key]))
const FROM_FILE = KEYS.filter((key) => ROWS.get(key)?.orFile === true)

/** Rejects with `OptionsError`. */
export async function loadOptions(input: OptionsInput = {}): Promise<LoadedOptions> {
  const { flags = {}, env = process.env, folder = process.cwd() } = input
  const problems: string[] = []
  const fromEnvironment = readEnvironment(env, folder, problems)
  const fromFlags = readFlags(flags, folder, problems)
  const outside = [...fromEnvironment, ...fromFlags]
  const origin = input.file === undefined ? CONFIG_VARIABLE : '--config'
  const file = await findFile(input.file ?? env[CONFIG_VARIABLE], origin, outside, folder)
  const given = [...(file === null ? [] : readEntries(file, problems)), ...outside]

  const values = new Map<string, unknown>()
  const sources = new Map<string, Source>()
  for (const [key, row] of ROWS) {
    values.set(key, row.isPath && typeof row.default === 'string' ? resolve(folder, row.default) : row.default)
    sources.set(key, { kind: 'default' })
  }
  for (const { key, value, source, base } of given) {
    const row = ROWS.get(key)
    if (row === undefined) continue
    const parsed = row.kind.parse(value)
    // A value is checked even where a stronger source overrides it: without that source it would be used.
    if ('problem' in parsed) problems.push(`${placeText(source)} ${parsed.problem}${shown(row, value, parsed.problem)}`)
    else {
      values.set(key, row.isPath && typeof parsed.value === 'string' ? resolve(base, parsed.value) : parsed.value)
      sources.set(key, source)
    }
  }
  if (problems.length > 0) throw new OptionsError(problems)
  const options = nested(values) as Options
  const contradictory = contradictions(options, sources, file)
  if (contradictory.length > 0) throw new OptionsError(contradictory)
  return { options, sources, file: file?.path ?? null }
}

function isFlag(key: string | undefined): boolean {
  const row = key === undefined ? undefined : ROWS.get(key)
  return row !== undefined && placesOf(row).includes('flag')
}

/** Those of a command's flags that are options of the server. Others, such as `--language`, belong to the command. */
export function optionFlags(values: Flags): Flags {
  return Object.fromEntries(
    Object.entries(values).filter(
      ([name]) => isFlag(BY_NAME.get(name)) || FROM_FILE.some((key) => `${nameOf(key)}File` === name),
    ),
  )
}

/**
 * The wrong value, for the end of the message. It is left out for secrets, where the problem quotes the entry already
 * (`holds …`), and where the value may contain a password (`must not hold …`).
 */
function shown(row: Row<unknown>, value: unknown, problem: string): string {
  return row.secret === undefined && !/^(?:holds|must not) /.test(problem)
    ? `, not ${(JSON.stringify(value) ?? String(value)).slice(0, 200)}`
    : ''
}

function readFlags(flags: Flags, folder: string, problems: string[]): readonly Given[] {
  const given: Given[] = []
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined) continue
    const fileOf = FROM_FILE.find((key) => `${nameOf(key)}File` === name)
    const key = fileOf ?? BY_NAME.get(name)
    const row = key === undefined ? undefined : ROWS.get(key)
    if (key === undefined || row === undefined) {
      problems.push(`${flagOf(name)} is no option${meant(flagOf(name), KEYS.map(flagOf))}`)
      continue
    }
    const source: Source = { kind: 'flag', flag: fileOf === undefined ? flagOf(key) : `${flagOf(key)}-file` }
    if (!placesOf(row).includes('flag')) problems.push(`${source.flag} cannot be a flag: ${elsewhere(key, row)}`)
    else push(given, { key, value, source, base: folder }, fileOf !== undefined, problems)
  }
  return given
}

function readEnvironment(env: Environment, folder: string, problems: string[]): readonly Given[] {
  const given: Given[] = []
  for (const [variable, value] of Object.entries(env)) {
    // An empty variable is how shells and compose files say that it is not set.
    if (!variable.startsWith('LINGPAI_') || value === undefined || value === '') continue
    if (variable === CONFIG_VARIABLE || variable.startsWith('LINGPAI_TEST_') || isServiceLink(variable, value)) continue
    const fileOf = FROM_FILE.find((key) => `${variableOf(key)}_FILE` === variable)
    const key = fileOf ?? BY_VARIABLE.get(variable)
    if (key === undefined) {
      problems.push(`${variable} is no variable of ours${meant(variable, KEYS.map(variableOf))}`)
      continue
    }
    const source: Source = { kind: 'environment', variable }
    push(given, { key, value, source, base: folder }, fileOf !== undefined, problems)
  }
  return given
}

/** Kubernetes and Docker set such variables in every container beside a service called `lingpai`. */
function isServiceLink(variable: string, value: string): boolean {
  if (/^LINGPAI_(SERVICE_(HOST|PORT)(_|$)|PORT_\d+_(TCP|UDP|SCTP)(_|$))/.test(variable)) return true
  return variable === 'LINGPAI_PORT' && /^(tcp|udp|sctp):\/\//.test(value)
}

function push(given: Given[], one: Given, isFile: boolean, problems: string[]): void {
  const twin = given.find(({ key }) => key === one.key)
  if (twin !== undefined) {
    problems.push(`${placeText(twin.source)} and ${placeText(one.source)} are both set; set only one of them`)
    return
  }
  if (!isFile) {
    given.push(one)
    return
  }
  try {
    given.push({
      ...one,
      value: readSmallFile(resolve(one.base, String(one.value)), LARGEST_VALUE)
        .toString('utf8')
        .trim(),
    })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    problems.push(`${placeText(one.source)}: ${String(one.value)} cannot be read: ${why}`)
  }
}

async function findFile(
  named: string | undefined,
  origin: string,
  outside: readonly Given[],
  folder: string,
): Promise<OptionsFile | null> {
  if (named !== undefined && named !== '') return readOptionsFile(resolve(folder, named), { by: origin })
  const data = outside.findLast(({ key }) => key === 'data')?.value
  const inData = resolve(folder, typeof data === 'string' && data.trim() !== '' ? data.trim() : './data')
  const found = await readOptionsFile(join(inData, FILE_NAME), 'in data')
  return found ?? (await readOptionsFile(join(folder, FILE_NAME), 'in folder'))
}

function readEntries(file: OptionsFile, problems: string[]): readonly Given[] {
  const given: Given[] = []
  for (const { key: written, value, line } of file.entries) {
    const fileOf = FROM_FILE.find((key) => `${key}File` === written)
    const key = fileOf ?? written
    const row = ROWS.get(key)
    const source: Source = { kind: 'file', file: file.path, line, key: written }
    const place = `${file.path} line ${line}`
    if (row === undefined) problems.push(`${place}: "${written}" is no option${meant(written, KEYS, '"')}`)
    else if (!placesOf(row).includes('file'))
      problems.push(`${place}: ${written} cannot stand in the file: ${elsewhere(key, row)}`)
    else push(given, { key, value, source, base: file.folder }, fileOf !== undefined, problems)
  }
  return given
}

function elsewhere(key: string, row: Row<unknown>): string {
  const places = placesOf(row)
  const names = [
    ...(places.includes('environment') ? [variableOf(key)] : []),
    ...(ROWS.has(`${key}File`) ? [`${variableOf(key)}_FILE`] : []),
    ...(places.includes('flag') ? [flagOf(key)] : []),
    ...(places.includes('file') ? [`${key} in the YAML file`] : []),
  ]
  return `use ${names.join(' or ')}`
}

function meant(unknown: string, known: readonly string[], quote = ''): string {
  const near = nearestName(unknown, known)
  return near === null ? '' : `; did you mean ${quote}${near}${quote}?`
}

/** `{ 'brand.icp': x }` → `{ brand: { icp: x } }`. */
function nested(values: ReadonlyMap<string, unknown>): unknown {
  const root: Record<string, unknown> = {}
  for (const [key, value] of values) {
    const path = key.split('.')
    const last = path.pop() ?? key
    let group = root
    for (const name of path) {
      const inner: Record<string, unknown> = (group[name] as Record<string, unknown> | undefined) ?? {}
      group[name] = inner
      group = inner
    }
    group[last] = value
  }
  return root
}
