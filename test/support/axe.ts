// Accessibility by axe, WCAG 2.2 A and AA with no rule switched off, asked in the tab itself. It sees no frames: the one page
// of ours that has some, signed out, is judged with `@axe-core/playwright`.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page as Tab } from 'playwright-core'

/** The one that its package brings, without what is only for readers: every document takes it in anew. */
export const AXE = readFileSync(
  createRequire(createRequire(import.meta.url).resolve('@axe-core/playwright')).resolve('axe-core/axe.min.js'),
  'utf8',
)

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa']

/** Those of its rules that see colours: all that changes in the dark. */
export const OF_COLOURS = ['color-contrast', 'link-in-text-block']

export interface Findings {
  /** By which rules something was found right. */
  readonly passed: readonly string[]
  /** What is wrong: the rule, and the elements. */
  readonly violations: readonly string[]
}

/** By all rules, or by some. */
export async function analyze(tab: Tab, rules?: readonly string[]): Promise<Findings> {
  if (!(await tab.evaluate<boolean>(`'axe' in globalThis`))) await tab.evaluate(AXE)
  const runOnly = rules === undefined ? { type: 'tag', values: TAGS } : { type: 'rule', values: rules }
  // Of what is right one element a rule is gathered, and nothing else is told: the whole is long, and nobody reads it.
  return tab.evaluate<Findings>(`
    axe.run(document, ${JSON.stringify({ runOnly, resultTypes: ['violations'] })}).then(({ passes, violations }) => ({
      passed: passes.map(({ id }) => id),
      violations: violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ')),
    }))`)
}
