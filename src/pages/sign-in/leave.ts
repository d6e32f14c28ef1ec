// Before a person is sent to a client that nobody has verified: where it leads, and a link.

import { layOut, wordsOf } from '../look/layout.ts'
import { html, onwardHref } from '../markup/html.ts'
import { clientLogo, heading } from '../markup/parts.ts'
import type { Frame, LeaveView, Page } from '../views.ts'

export function leavePage(view: LeaveView, frame: Frame): Page {
  const { leave } = wordsOf(frame)
  const title = leave.title(view.client.name)
  return layOut(frame, {
    title,
    main: html`${clientLogo(view.client)}${heading(title, view.client.name)}<p class="lead">${leave.message(
      html`<strong>${view.target}</strong>`,
    )}</p><a class="button primary" id="leave-continue" rel="noreferrer" href="${onwardHref(view.href)}">${leave.submit}</a>`,
  })
}
