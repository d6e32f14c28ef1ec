// Pages that say no: a refusal with its trace number, what the server says before it knows what was asked for, another
// address (421), nothing here (404).

import { layOut, wordsOf } from './look/layout.ts'
import { commandHint } from './markup/code.ts'
import { type Content, html, onwardHref, webHref } from './markup/html.ts'
import { ICONS } from './markup/icons.ts'
import { wayOn } from './markup/parts.ts'
import { prose } from './markup/prose.ts'
import type { ErrorAdvice, ErrorView, Frame, MisdirectedView, NotFoundView, NoticeView, Page } from './views.ts'
import type { Words } from './words/index.ts'

/**
 * For these the sentence on the page says all that the description does. The description is in English, for developers
 * of clients, and is left out.
 */
const SAID_ALREADY: ReadonlySet<ErrorAdvice> = new Set([
  'link_spent',
  'set_up_done',
  'cross_site_form',
  'cookies_missing',
  'interaction_expired',
  'interaction_unknown',
  'overloaded',
  'database_away',
  'server_error',
])

export function errorPage(view: ErrorView, frame: Frame): Page {
  const { errors } = wordsOf(frame)
  const advice = errors.advice[view.advice]
  const title = 'title' in advice ? advice.title : errors.title
  // Nothing is wrong, so there is neither an alarm nor an error code.
  const isWrong = view.advice !== 'set_up_done'
  return layOut(frame, {
    status: view.status,
    title: view.client ? `${title} · ${view.client.name}` : title,
    main: html`<div class="seal">${isWrong ? ICONS.alert : ICONS.tick}</div><h1>${title}</h1><p class="lead">${advice.visitor}</p>${onward(view, errors)}${wayOn({ href: view.frontHref, text: errors.notFound.front })}<h2>${errors.operator}</h2><p>${prose(advice.operator, frame)}</p>${advice.operator.includes('npx lingpai') && commandHint(frame)}<dl class="facts">${isWrong && html`<dt>${errors.code}</dt><dd><code id="error-code">${view.code}</code></dd>`}${isWrong && described(view, frame)}<dt>${errors.trace}</dt><dd><code id="trace-id">${view.traceId}</code><span class="hint">${errors.traceHint}</span></dd></dl>`,
  })
}

/** The description as clients read it has this id in every language. */
function described({ advice, description }: ErrorView, frame: Frame): Content {
  const { errors } = wordsOf(frame)
  if (frame.locale === 'en') return html`<dt>${errors.description}</dt><dd id="error-description">${description}</dd>`
  if (SAID_ALREADY.has(advice)) return false
  const translated = errors.translated(description)
  const original = html`<dd id="error-description" lang="en">${description}</dd>`
  return translated === null
    ? html`<dt>${errors.description}</dt>${original}`
    : html`<dt>${errors.description}</dt><dd>${translated}</dd><dt>${errors.original}</dt>${original}`
}

function onward({ onward: to = null }: ErrorView, errors: Words['errors']): Content {
  const href = to === null ? null : onwardHref(to.href)
  return (
    to !== null &&
    href !== null &&
    html`<p><a class="button" id="error-continue" rel="noreferrer" href="${href}">${errors.onward(to.target)}</a></p>`
  )
}

/** Nothing was done yet, and nothing is traced. */
export function noticePage({ status, notice }: NoticeView, frame: Frame): Page {
  const { errors } = wordsOf(frame)
  const { title, visitor, operator } = errors.notices[notice]
  return layOut(frame, {
    status,
    title,
    main: html`<div class="seal">${notice.endsWith('_too_large') ? ICONS.alert : ICONS.clock}</div><h1>${title}</h1><p class="lead" id="notice">${visitor}</p><h2>${errors.operator}</h2><p>${prose(operator, frame)}</p>${operator.includes('npx lingpai') && commandHint(frame)}`,
  })
}

export function misdirectedPage(view: MisdirectedView, frame: Frame): Page {
  const { misdirected } = wordsOf(frame).errors
  return layOut(frame, {
    status: 421,
    title: misdirected.title,
    main: html`<div class="seal">${ICONS.sign}</div><h1>${misdirected.title}</h1><p class="lead">${misdirected.message(
      html`<strong>${view.issuer}</strong>`,
    )}</p><a class="button primary" id="continue" href="${webHref(view.href)}">${misdirected.submit}</a><h2>${wordsOf(frame).errors.operator}</h2><p>${misdirected.operator}</p>`,
  })
}

export function notFoundPage(view: NotFoundView, frame: Frame): Page {
  const { errors } = wordsOf(frame)
  return layOut(frame, {
    status: 404,
    title: errors.notFound.title,
    main: html`<div class="seal">${ICONS.question}</div><h1>${errors.notFound.title}</h1><p class="lead">${errors.notFound.message}</p>${wayOn(
      { href: view.frontHref, text: errors.notFound.front },
      { href: view.accountHref, text: errors.notFound.account },
    )}${
      view.traceId &&
      html`<dl class="facts"><dt>${errors.trace}</dt><dd><code id="trace-id">${view.traceId}</code></dd></dl>`
    }`,
  })
}
