// Which of the people signed in on this browser shall continue.

import { initial, layOut, wordsOf } from '../look/layout.ts'
import { html } from '../markup/html.ts'
import { ICONS } from '../markup/icons.ts'
import { clientLinks, form, inOnePiece } from '../markup/parts.ts'
import type { ChooseAccountView, Frame, Page } from '../views.ts'

export function chooseAccountPage(view: ChooseAccountView, frame: Frame): Page {
  const words = wordsOf(frame)
  const { choose, signIn } = words
  const lead = view.client === null ? choose.plain : choose.onward(html`<strong>${view.client.name}</strong>`)
  const accounts = view.accounts.map(
    (account, index) =>
      html`<button id="account-${index + 1}" type="submit" name="account" value="${account.value}"><span class="mark" aria-hidden="true">${initial(
        account.name,
      )}</span><span class="who"><b>${account.name}</b><span class="muted small">${account.username}</span></span></button>`,
  )
  const back = view.client === null ? signIn.cancelPlain : inOnePiece(signIn.cancel(view.client.name), view.client.name)
  return layOut(frame, {
    title: view.client === null ? choose.title : `${choose.title} · ${view.client.name}`,
    main: html`<h1>${choose.title}</h1><p class="lead">${lead}</p>${form(
      view.form,
      html`<div class="accounts">${accounts}<button id="account-other" type="submit" name="another" value="yes"><span class="mark" aria-hidden="true">${ICONS.plus}</span><b>${choose.other}</b></button></div>`,
    )}${view.cancel && form(view.cancel, html`<button class="quiet" id="login-cancel" type="submit" name="decision" value="deny">${back}</button>`)}${clientLinks(view.client, words)}`,
  })
}
