// The frame of every page: head, brand, language switch, main landmark, footer.

import { type Content, type Html, html, imageSource, webHref } from '../markup/html.ts'
import type { Frame, Page } from '../views.ts'
import { WORDS, type Words } from '../words/index.ts'
import { DEFAULT_ACCENT, parseAccent } from './brand.ts'
import { inkOn } from './colour.ts'
import { LOCALES, type Locale } from './locale.ts'
import { type Dress, sourceHash, stylesheet } from './styles.ts'

export interface Sheet {
  readonly status?: number
  /** Unique to this page or step; the product's name follows it. */
  readonly title: string
  /** True when the page says that something has to be corrected. */
  readonly hasError?: boolean
  readonly main: Content
  /** The operator's pages: wider, with a skip link. */
  readonly wide?: boolean
  /** Which styles the page needs beyond those of every page, where it is another set than its width implies. */
  readonly dress?: Dress
  /** Inline scripts, without which the page works as well. The Content-Security-Policy names the hash of each. */
  readonly scripts?: readonly string[]
  readonly connects?: boolean
}

export function wordsOf(frame: Frame): Words {
  return WORDS[frame.locale]
}

export function layOut(frame: Frame, sheet: Sheet): Page {
  const words = wordsOf(frame)
  const wide = sheet.wide === true
  const style = stylesheet(frame.brand.accent, sheet.dress ?? (wide ? 'set-up' : 'plain'))
  const scripts = sheet.scripts ?? []
  const named = sheet.hasError === true ? words.frame.errorTitle(sheet.title) : sheet.title
  const title = `${named} · ${frame.brand.productName}`
  const head = html`<meta charset="utf-8"><title>${title}</title><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><meta name="format-detection" content="telephone=no"><link rel="icon" href="${iconOf(frame)}">`
  const body = html`${wide && html`<a class="skip" href="#main">${words.frame.skip}</a>`}<div class="column"><header class="top">${brandOf(frame)}${languages(frame, words)}</header><main class="card" id="main" tabindex="-1">${sheet.main}</main>${footer(frame, words)}</div>`
  return {
    status: sheet.status ?? 200,
    title,
    html: `<!doctype html>
<html lang="${frame.locale}"><head>${head.toString()}<style>${style.css}</style></head>
<body>${body.toString()}${scripts.map((script) => `<script>${script}</script>`).join('')}</body></html>
`,
    styleHash: style.hash,
    scriptHashes: scripts.map(sourceHash),
    imageSource: "'self' data:",
    connectSource: sheet.connects === true ? "'self'" : "'none'",
  }
}

function brandOf(frame: Frame): Html {
  const { logo, mark, productName } = frame.brand
  const source = imageSource(logo)
  const tile = source
    ? html`<img src="${source}" alt="">`
    : html`<span class="mark" aria-hidden="true">${mark ?? initial(productName)}</span>`
  return html`<div class="brand">${tile}<span>${productName}</span></div>`
}

/**
 * The icon of the browser tab, inside the page so that no second request is needed: the logo, or the tile with one
 * character.
 */
function iconOf(frame: Frame): string {
  const { accent, logo, mark, productName } = frame.brand
  const fill = parseAccent(accent ?? '') ?? DEFAULT_ACCENT
  const tile = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="${fill}"/><text x="16" y="22.5" font-family="sans-serif" font-size="18" font-weight="600" text-anchor="middle" fill="${inkOn(fill)}">${mark ?? initial(productName)}</text></svg>`
  return imageSource(logo) ?? `data:image/svg+xml,${encodeURIComponent(tile.toString())}`
}

/**
 * The first character of a name, as people count characters. Punctuation before it, such as 《, is skipped unless there
 * is nothing else.
 */
export function initial(name: string): string {
  const characters = [...new Intl.Segmenter().segment(name.trim())].map(({ segment }) => segment)
  const first = characters.find((each) => !/^[\p{P}\p{Sm}\p{Z}]+$/u.test(each)) ?? characters[0] ?? ''
  return first.toUpperCase()
}

function languages(frame: Frame, words: Words): Content {
  const others = LOCALES.filter((locale) => locale !== frame.locale).flatMap((locale) => {
    const href = webHref(frame.languageHrefs[locale])
    return href === null
      ? []
      : [frame.again === undefined ? languageLink(locale, href) : languageForm(locale, href, frame.again)]
  })
  return others.length > 0 && html`<nav aria-label="${words.frame.language}">${others}</nav>`
}

function languageLink(locale: Locale, href: string): Html {
  return html`<a href="${href}" lang="${locale}" hreflang="${locale}">${WORDS[locale].languageName}</a>`
}

/** The switch of language on a page that answers a form: it sends the form again, and works without scripts. */
function languageForm(locale: Locale, action: string, again: Readonly<Record<string, string>>): Html {
  const hidden = Object.entries(again).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return html`<form method="post" action="${action}">${hidden}<button type="submit" lang="${locale}">${WORDS[locale].languageName}</button></form>`
}

function footer(frame: Frame, words: Words): Content {
  const { brand } = frame
  const link = (url: string | undefined, text: Content, language?: Locale) => {
    const href = webHref(url)
    return (
      href !== null &&
      html`<li><a href="${href}"${language !== undefined && html` lang="${language}"`}>${text}</a></li>`
    )
  }
  const items = [
    // Left out where the header shows the same name.
    brand.operatorName !== undefined &&
      brand.operatorName !== brand.productName &&
      html`<li><span>${words.frame.runBy(brand.operatorName)}</span></li>`,
    link(brand.privacyUrl, words.frame.privacy),
    link(brand.termsUrl, words.frame.terms),
    // The numbers of filings are Chinese in every language of the page.
    brand.icp !== undefined && link('https://beian.miit.gov.cn/', brand.icp, 'zh-CN'),
    brand.gongan &&
      link(
        `https://beian.mps.gov.cn/#/query/webSearch?code=${encodeURIComponent(brand.gongan.recordCode)}`,
        brand.gongan.text,
        'zh-CN',
      ),
  ].filter((item) => item !== false && item !== undefined)
  return items.length > 0 && html`<footer class="bottom"><ul>${items}</ul></footer>`
}
