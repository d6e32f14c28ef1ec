// Pieces that several pages are made of: a form with its hidden values, alerts, and the client's links.

import type { ClientView, FormTarget, Frame, Localized } from '../views.ts'
import type { Words } from '../words/index.ts'
import { type Content, type Html, html, imageSource, webHref } from './html.ts'
import { ICONS } from './icons.ts'

export function form(target: FormTarget, content: Content, multipart = false): Html {
  const hidden = Object.entries({ ...target.hidden, csrf: target.csrf }).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return html`<form method="post" action="${target.action}"${multipart && html` enctype="multipart/form-data"`} novalidate>${hidden}${content}</form>`
}

/** Said at once by a screen reader, and named by the fields it is about. */
export function alert(id: string, message: Content): Html {
  return html`<div class="alert" role="alert" id="${id}">${ICONS.alert}<div><p>${message}</p></div></div>`
}

export interface NoteSheet {
  /** Told apart by colour, by drawing, and by a word for whoever sees neither. */
  readonly kind: 'warn' | 'info'
  readonly id?: string
  /** The note is the result of what the person has just done. */
  readonly isNew?: boolean
}

export function note({ kind, id, isNew = false }: NoteSheet, content: Content, words: Words): Html {
  return html`<div class="note${kind === 'info' && ' info'}"${isNew && html` role="alert"`}${id !== undefined && html` id="${id}"`}>${ICONS[kind]}<div><span class="hidden">${words.frame[kind]}</span>${content}</div></div>`
}

/**
 * The name of a client in a heading or on a button begins no new line in its midst, nor do its quotation marks, unless it is longer than
 * one. Browsers would break before a question mark that stands behind such a piece, so it belongs to it.
 */
export function inOnePiece(title: string, name: string): Html {
  const quoted = `“${name}”`
  const named = title.includes(quoted) ? quoted : name
  const at = title.indexOf(named)
  const [mark = ''] = /^[?？]?/.exec(title.slice(at + named.length)) ?? []
  const whole = named + mark
  return html`${title.slice(0, at)}<span class="whole">${whole}</span>${title.slice(at + whole.length)}`
}

export function heading(title: string, name: string): Html {
  return html`<h1>${inOnePiece(title, name)}</h1>`
}

/** The client's picture, served from our own address. Its alternative text is empty, because the name stands beside it. */
export function clientLogo(client: ClientView | null): Content {
  const source = imageSource(client?.logo)
  return source !== null && html`<div class="client-logo"><img id="client-logo" src="${source}" alt=""></div>`
}

/** A note that the client has only registered itself, and of where the answer goes. */
export function unverifiedNote(client: ClientView | null, words: Words): Content {
  const target = client?.unverifiedTarget ?? null
  return (
    target !== null &&
    note(
      { kind: 'warn', id: 'client-unverified' },
      html`<p>${words.client.unverified(html`<strong>${target}</strong>`)}</p>`,
      words,
    )
  )
}

/** The client's own policy and terms, with exactly the addresses it registered. */
export function clientLinks(client: ClientView | null, words: Words): Content {
  if (client === null) return null
  const policy = webHref(client.policyUrl)
  const terms = webHref(client.termsUrl)
  if (policy === null && terms === null) return null
  return html`<ul class="links">${policy !== null && html`<li><a id="client-policy" href="${policy}">${words.client.policy(client.name)}</a></li>`}${terms !== null && html`<li><a id="client-terms" href="${terms}">${words.client.terms(client.name)}</a></li>`}</ul>`
}

export function localized(text: Localized, frame: Frame): string {
  return typeof text === 'string' ? text : text[frame.locale]
}

/** A link for a page that would otherwise lead nowhere: to the first of these addresses that exists. */
export function wayOn(
  ...ways: readonly { readonly href: string | null | undefined; readonly text: string }[]
): Content {
  for (const { href, text } of ways) {
    const to = webHref(href)
    if (to !== null) return html`<a class="button" id="way-on" href="${to}">${text}</a>`
  }
  return null
}

/** The way to the person's own account, where there is such a page. */
export function accountLink(href: string | null | undefined, link: (to: (text: string) => Html) => Content): Content {
  const to = webHref(href)
  return to !== null && html`<p class="hint">${link((text) => html`<a id="account" href="${to}">${text}</a>`)}</p>`
}
