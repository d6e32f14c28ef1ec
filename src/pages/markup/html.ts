// Markup as a value: whatever is put into the template is escaped, unless it is markup already. There is no way to
// make `Html` from a string except by writing it in a template.

/**
 * Markup that is safe to send. Only the `html` tag makes it; it is a class, so that parsed JSON can never be taken for
 * markup.
 */
export class Html {
  readonly #text: string
  constructor(strings: TemplateStringsArray, values: readonly Content[]) {
    this.#text = strings.reduce((text, part, index) => text + write(values[index - 1]) + part)
  }
  toString(): string {
    return this.#text
  }
}

export type Content = Html | string | number | null | undefined | false | readonly Content[]

/** Attribute values must stand in double quotes; text and attributes are escaped alike. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings, values)
}

function write(value: Content): string {
  if (value === null || value === undefined || value === false) return ''
  if (value instanceof Html) return value.toString()
  if (typeof value === 'string') return escapeText(value)
  if (typeof value === 'number') return String(value)
  return value.map(write).join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
}

function escapeText(text: string): string {
  // A lone surrogate has no UTF-8 form; NUL is dropped or replaced differently by every parser.
  return text
    .toWellFormed()
    .replaceAll('\0', '\uFFFD')
    .replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? character)
}

/** A link outward or on our origin; null for any scheme that a browser would run or show as a page of ours. */
export function webHref(url: string | null | undefined): string | null {
  if (url === null || url === undefined) return null
  return /^https?:\/\/[^\s]/i.test(url) || /^\/(?![/\\])/.test(url) ? url : null
}

/** A redirect target that has been trusted already, private schemes of native apps included. */
export function onwardHref(url: string): string | null {
  if (webHref(url) !== null) return url
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase()
  return scheme === undefined || RUN_BY_BROWSERS.has(scheme) ? null : url
}

const RUN_BY_BROWSERS = new Set([
  'javascript',
  'data',
  'vbscript',
  'blob',
  'file',
  'about',
  'view-source',
  'filesystem',
])

/** A picture on our own origin or inside the page; never another host. */
export function imageSource(url: string | null | undefined): string | null {
  if (url === null || url === undefined) return null
  return /^\/(?![/\\])/.test(url) || /^data:image\/(png|jpeg|gif|webp|svg\+xml)[;,]/i.test(url) ? url : null
}
