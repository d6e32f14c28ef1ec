// An answer that travels as a form. OAuth 2.0 Form Post Response Mode §2: a plain form with a button that anybody can
// press, and after it one classic script that presses it.

import { layOut, wordsOf } from '../look/layout.ts'
import { html, webHref } from '../markup/html.ts'
import { heading } from '../markup/parts.ts'
import type { FormPostView, Frame, Page } from '../views.ts'

/** For every engine there is, the oldest included. `submit` asks no button and cannot be shadowed by a field here. */
const SUBMIT_SCRIPT = "document.getElementById('form-post').submit();"

/** Throws `TypeError` for an action that is no web address: the caller has made sure of it. */
export function formPostPage(view: FormPostView, frame: Frame): Page {
  const words = wordsOf(frame).formPost
  const action = webHref(view.action)
  if (action === null) throw new TypeError('a form is posted to web addresses only')
  const hidden = view.fields.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)
  const title = words.title(view.client.name)
  return layOut(frame, {
    title,
    main: html`${heading(title, view.client.name)}<p>${words.message(
      html`<strong>${view.client.name}</strong>`,
    )}</p><form id="form-post" method="post" action="${action}">${hidden}<button class="primary" id="form-post-submit" type="submit">${words.submit}</button></form>`,
    scripts: [SUBMIT_SCRIPT],
  })
}
