// Ready-made clients as data: each preset only fills in settings that anybody could set.

import { nearestName } from '../../model/names/nearest-name.ts'
import { device } from './device.ts'
import { genericOauth2 } from './generic-oauth2.ts'
import { native } from './native.ts'
import { openidConnect } from './openid-connect.ts'
import type { Preset, ReadSetting } from './preset.ts'
import { spa } from './spa.ts'
import { zhizuoyun } from './zhizuoyun.ts'

export type { Preset, ReadSetting } from './preset.ts'

export const presets: readonly Preset[] = [zhizuoyun, openidConnect, genericOauth2, spa, native, device]

export class UnknownPreset extends Error {
  readonly nearest: string | null
  constructor(name: string) {
    const known = presets.map((preset) => preset.name)
    const nearest = nearestName(name, known)
    const hint = nearest === null ? '' : ` Did you mean ${nearest}?`
    super(`There is no preset ${JSON.stringify(name.slice(0, 80))}.${hint} Known are ${known.join(', ')}.`)
    this.name = 'UnknownPreset'
    this.nearest = nearest
  }
}

export function presetNamed(name: string): Preset {
  const found = presets.find((preset) => preset.name === name)
  if (found === undefined) throw new UnknownPreset(name)
  return found
}

/** A text of the client in the reader's language, as long as it is the one that its preset gave it; any other as it was written. */
export function textIn(
  client: { readonly preset: string } & { readonly [Name in ReadSetting]: string | null },
  setting: ReadSetting,
  locale: 'en' | 'zh-CN',
): string | null {
  const text = client[setting]
  const given = presets.find(({ name }) => name === client.preset)?.texts?.[setting]
  return given !== undefined && text === given['zh-CN'] ? given[locale] : text
}
