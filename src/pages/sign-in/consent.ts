// The consent page: who receives what, how to reach them and what for, before anything is shared (PIPL art. 23).

import { layOut, wordsOf } from '../look/layout.ts'
import { type Content, type Html, html } from '../markup/html.ts'
import { KIND_ICONS } from '../markup/icons.ts'
import { accountLink, clientLinks, clientLogo, form, heading, note, unverifiedNote } from '../markup/parts.ts'
import type { ConsentView, Frame, KindView, Page } from '../views.ts'
import type { Words } from '../words/index.ts'

export function consentPage(view: ConsentView, frame: Frame): Page {
  const words = wordsOf(frame)
  const { consent } = words
  const recipient = view.recipient ?? view.client.name
  const title = consent.title(view.client.name)
  const facts: readonly (readonly [string, string | null])[] = [
    [consent.recipient, recipient],
    [consent.identity, view.identity ?? null],
    [consent.contact, view.contact],
    [consent.purpose, view.purpose],
  ]
  return layOut(frame, {
    title,
    main: html`${clientLogo(view.client)}${heading(title, view.client.name)}${person(view, words)}${unverifiedNote(view.client, words)}${view.notice && note({ kind: 'warn', isNew: true }, html`<p>${consent.notices[view.notice]}</p>`, words)}<p>${consent.intro(
      html`<strong>${recipient}</strong>`,
    )}</p><h2>${consent.data}</h2><ul class="kinds">${view.kinds.map((kind) => row(kind, words))}</ul>${resources(view, words)}<h2>${consent.who}</h2><dl class="facts">${facts.map(
      ([name, value]) => value !== null && html`<dt>${name}</dt><dd>${value}</dd>`,
    )}</dl>${form(
      view.form,
      html`<button class="primary" id="consent-allow" type="submit" name="decision" value="allow">${consent.allow}</button><button id="consent-deny" type="submit" name="decision" value="deny" aria-describedby="deny-hint">${consent.deny}</button>`,
    )}<p class="hint" id="deny-hint">${consent.denyHint(view.client.name)}</p>${accountLink(view.accountHref, consent.account)}${clientLinks(view.client, words)}`,
  })
}

function person(view: ConsentView, words: Words): Content {
  const { name, username } = view.user
  const shown = html`<strong>${name}</strong>${name !== username && ` (${username})`}`
  const other =
    view.switchUser &&
    form(
      view.switchUser,
      html`<button class="link" id="switch-user" type="submit" name="another" value="yes">${words.consent.notYou}</button>`,
    )
  return html`<div class="lead person"><span>${words.consent.signedInAs(shown)}</span> ${other}</div>`
}

function resources({ resources = [] }: ConsentView, { consent }: Words): Content {
  if (resources.length === 0) return null
  const rows = resources.map(
    ({ name, identifier, scope }) =>
      html`<dt>${name}</dt><dd>${name !== identifier && html`<span class="hint">${identifier}</span> `}${
        scope.length === 0 ? consent.resourcePlain : consent.resourceScope(scope.join(', '))
      }</dd>`,
  )
  return html`<h2>${consent.resources}</h2><dl class="facts" id="resources">${rows}</dl>`
}

function row(kind: KindView, words: Words): Html {
  const { consent } = words
  const { name, note: explanation } = consent.kinds[kind.kind]
  const proof =
    kind.verified !== undefined &&
    typeof kind.value === 'string' &&
    html` <span class="tag">${kind.verified ? consent.verified : consent.unverified}</span>`
  const value =
    // A permission, no datum: there is nothing that could be on file.
    kind.kind === 'offline'
      ? null
      : kind.value === null
        ? html`<span class="value muted">${consent.notOnFile}</span>`
        : kind.value !== undefined && html`<span class="value">${kind.value}${proof}</span>`
  return html`<li><span class="icon">${KIND_ICONS[kind.kind]}</span><div class="what"><b>${kind.label ?? name}</b>${value}${explanation !== '' && html`<span class="hint">${explanation}</span>`}</div></li>`
}
