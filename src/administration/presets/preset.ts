// What a preset is.

import type { PlainSettings } from '../../model/client/settings.ts'

/** Settings whose text people read on the consent page. */
export type ReadSetting = 'recipient' | 'purpose'

export type PresetTexts = Readonly<Partial<Record<ReadSetting, { readonly en: string; readonly 'zh-CN': string }>>>

export interface Preset {
  readonly name: string
  readonly title: { readonly en: string; readonly 'zh-CN': string }
  readonly description: { readonly en: string; readonly 'zh-CN': string }
  /** Scope to paste into the client's console. */
  readonly recommendedScope: string
  /** Dotted or nested settings; everything else has its strict default. */
  readonly settings: PlainSettings
  /** What `settings` say to people, in each language: the setting itself is the Chinese text. */
  readonly texts?: PresetTexts
  /** What the operator should know or look after, a sentence or two each. */
  readonly notes: readonly { readonly en: string; readonly 'zh-CN': string }[]
}
