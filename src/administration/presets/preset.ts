// What a preset is.

import type { PlainSettings } from '../../model/client-settings.ts'

export interface Preset {
  readonly name: string
  readonly title: { readonly en: string; readonly 'zh-CN': string }
  readonly description: { readonly en: string; readonly 'zh-CN': string }
  /** Scope to paste into the client's console. */
  readonly recommendedScope: string
  /** Dotted or nested settings; everything else has its strict default. */
  readonly settings: PlainSettings
  /** What the operator should know or look after, a sentence or two each. */
  readonly notes: readonly { readonly en: string; readonly 'zh-CN': string }[]
}
