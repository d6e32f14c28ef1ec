// Translates between client metadata (RFC 7591 §2, OpenID Connect Registration §2) and our settings: what a client may
// say about itself, and what it is told in return. Everything else that it says is ignored, and not returned.

import type { Client } from './client.ts'
import { LANGUAGE_TAG } from './presentation.ts'
import { CLIENT_SETTINGS, type PlainSettings } from './setting-table.ts'
import { settingsOf } from './settings.ts'

export type Metadata = Readonly<Record<string, unknown>>

const SAYABLE = CLIENT_SETTINGS.filter(({ byClient }) => byClient).map(({ name }) => name)

/** RFC 7591 §2.2: `client_name#zh-CN`. */
const TAGGED_NAME = 'client_name#'

export function isTaggedName(name: string): boolean {
  return name.startsWith(TAGGED_NAME)
}

/** RFC 7592 §2.2: null counts as left out, and so does an empty value. */
function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

/** The settings that a client gives about itself; nothing has been checked yet. */
export function settingsSaid(metadata: Metadata): PlainSettings {
  const said: Record<string, unknown> = {}
  for (const name of SAYABLE) if (Object.hasOwn(metadata, name) && isSaid(metadata[name])) said[name] = metadata[name]
  const names = Object.entries(metadata).flatMap(([name, value]): [string, unknown][] => {
    const tag = isTaggedName(name) ? name.slice(TAGGED_NAME.length) : ''
    return LANGUAGE_TAG.test(tag) && isSaid(value) ? [[tag, value]] : []
  })
  return { ...said, ...(names.length > 0 && { names: Object.fromEntries(names) }) }
}

/** RFC 7591 §3.2.1: all registered metadata about the client, defaults included. */
export function metadataOf(client: Client): Metadata {
  const settings = settingsOf(client)
  const entries = SAYABLE.map((name): [string, unknown] => [name, settings[name]])
  const names = Object.entries(client.names).map(([tag, name]): [string, unknown] => [`${TAGGED_NAME}${tag}`, name])
  const said = [...entries, ...names].filter(([, value]) => value !== null && !isEmptyList(value))
  return Object.fromEntries(said)
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}

export function sameMetadata(former: Client, client: Client): boolean {
  return JSON.stringify(metadataOf(former)) === JSON.stringify(metadataOf(client))
}
