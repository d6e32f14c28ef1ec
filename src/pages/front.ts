// The page at the issuer's own address: nothing begins here, so it says where signing in does.

import { layOut, wordsOf } from './look/layout.ts'
import { command, commandHint } from './markup/code.ts'
import { html } from './markup/html.ts'
import { ICONS } from './markup/icons.ts'
import { accountLink } from './markup/parts.ts'
import type { Frame, FrontView, Page } from './views.ts'

export function frontPage(view: FrontView, frame: Frame): Page {
  const { front } = wordsOf(frame)
  return layOut(frame, {
    title: front.title,
    main: html`<div class="seal">${ICONS.key}</div><h1>${front.title}</h1><p class="lead">${front.whose(
      html`<strong>${frame.brand.productName}</strong>`,
    )}</p><p>${front.message}</p>${accountLink(view.accountHref, front.account)}${
      view.setUpIsOpen &&
      html`<div id="set-up-open"><h2>${front.operator}</h2><p>${front.setUp}</p><p>${command('setup-link', frame)}</p>${commandHint(frame)}</div>`
    }`,
  })
}
