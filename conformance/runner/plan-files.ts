// Plan files, automation and facts, put together to the configuration that the suite takes.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Facts } from '../facts.ts'
import type { Variant } from './suite.ts'

export interface PlanFile {
  /** `20-basic` */
  readonly name: string
  readonly title: string
  /** As the suite calls it. */
  readonly plan: string
  readonly variants: readonly Variant[]
  /** One of its static clients has one logout URI, which is that of the first alias. */
  readonly firstAliasOnly?: boolean
  /** Names of automation blocks. Absent: no page is visited. */
  readonly browser?: readonly string[]
  readonly config: Readonly<Record<string, unknown>>
}

export interface Automation {
  readonly blocks: Readonly<Record<string, readonly unknown[]>>
  /** Module name to names of blocks. */
  readonly overrides: Readonly<Record<string, readonly string[]>>
}

/** A file or a word of the call is wrong; the message says which. */
export class WrongCall extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'WrongCall'
  }
}

export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new WrongCall(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** All plans in the order of their names, or those whose names begin with one of the words (`20` or `basic`). */
export function readPlans(folder: string, words: readonly string[]): readonly PlanFile[] {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .toSorted()
  const isMeant = (name: string) => (word: string) =>
    name.startsWith(word) || name.replace(/^\d+-/, '').startsWith(word)
  const unknown = words.find((word) => !names.some((name) => isMeant(name)(word)))
  if (unknown !== undefined) throw new WrongCall(`No plan begins with ${unknown}; there are ${names.join(', ')}`)
  return names
    .filter((name) => words.length === 0 || words.some(isMeant(name)))
    .map((name) => ({ ...(readJson(join(folder, `${name}.json`)) as Omit<PlanFile, 'name'>), name }))
}

/** What the suite is told about the server under test. */
export function configOf(file: PlanFile, automation: Automation, facts: Facts, alias: string): unknown {
  const blocksOf = (names: readonly string[]) =>
    names.flatMap((name) => {
      const blocks = automation.blocks[name]
      if (blocks === undefined) throw new WrongCall(`${file.name}: no automation is called ${name}`)
      return blocks
    })
  const automated = file.browser && {
    browser: blocksOf(file.browser),
    override: Object.fromEntries(
      Object.entries(automation.overrides).map(([module, names]) => [module, { browser: blocksOf(names) }]),
    ),
  }
  return filled({ description: file.title, ...file.config, ...automated }, { ...facts, alias }, file.name)
}

const NAME = /\{\{([\w.]+)\}\}/g
const ONE_NAME = /^\{\{([\w.]+)\}\}$/

/**
 * Puts the facts where `{{clients.first.client_id}}` stands; where nothing else stands, a fact may be more than a text.
 * Throws for a name that is none.
 */
export function filled(value: unknown, facts: object, where: string): unknown {
  if (typeof value === 'string') {
    const [, whole] = ONE_NAME.exec(value) ?? []
    if (whole !== undefined) return factCalled(whole, facts, where)
    return value.replace(NAME, (_, name: string) => textCalled(name, facts, where))
  }
  if (Array.isArray(value)) return value.map((each) => filled(each, facts, where))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, filled(each, facts, where)]))
}

function textCalled(name: string, facts: object, where: string): string {
  const fact = factCalled(name, facts, where)
  if (typeof fact !== 'string') throw new WrongCall(`${where}: the fact ${name} is no text`)
  return fact
}

function factCalled(name: string, facts: object, where: string): unknown {
  const fact = name
    .split('.')
    .reduce<unknown>(
      (found, part) =>
        typeof found === 'object' && found !== null && Object.hasOwn(found, part)
          ? (found as Record<string, unknown>)[part]
          : undefined,
      facts,
    )
  if (fact === undefined) throw new WrongCall(`${where}: there is no fact called ${name}`)
  return fact
}
