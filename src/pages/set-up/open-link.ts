// Where a one-time link leads: nothing is spent until the button is pressed, so a link preview costs nothing.

import { layOut, wordsOf } from '../look/layout.ts'
import { html } from '../markup/html.ts'
import { ICONS } from '../markup/icons.ts'
import { form } from '../markup/parts.ts'
import type { Frame, Page } from '../views.ts'
import type { OpenLinkView } from './views.ts'

export function openLinkPage(view: OpenLinkView, frame: Frame): Page {
  const { setUp } = wordsOf(frame)
  const open = setUp.open[view.purpose]
  return layOut(frame, {
    title: open.title,
    main: html`<div class="seal">${ICONS.key}</div><h1>${open.title}</h1><p class="lead">${open.message}</p>${form(
      view.form,
      html`<button class="primary" id="open" type="submit">${open.submit}</button>`,
    )}<p class="hint">${setUp.open.once(view.hours)}</p>`,
  })
}
