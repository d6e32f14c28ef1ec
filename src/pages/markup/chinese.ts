// Markup in Chinese sentences: a name is written with a blank on either side, as Chinese has it beside Latin letters and
// digits, and loses that where it turns out to be Chinese itself.

import { type Content, type Html, html } from './html.ts'

const CHINESE_FIRST = /^[\p{Script=Han}\u3000-\u303F\uFF00-\uFF60“‘]/u
const CHINESE_LAST = /[\p{Script=Han}\u3000-\u303F\uFF00-\uFF60”’]$/u

/** As `html`. */
export function chinese(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  const seen = values.map((value) => html`${value}`.toString().replaceAll(/<[^>]*>/g, ''))
  const written = strings.map((text, at) => {
    const behind = CHINESE_LAST.test(seen[at - 1] ?? '') ? text.replace(/^ /, '') : text
    return CHINESE_FIRST.test(seen[at] ?? '') ? behind.replace(/ $/, '') : behind
  })
  return html(Object.assign(written, { raw: written }), ...values)
}
