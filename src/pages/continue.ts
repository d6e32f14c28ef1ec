// A stop after a cross-site POST, where the browser held our cookies back: one visible button goes on.

import { html, webHref } from './html.ts'
import { ICONS } from './icons.ts'
import { layOut, wordsOf } from './layout.ts'
import { form } from './parts.ts'
import type { ContinueView, Frame, Page } from './views.ts'

export function continuePage(view: ContinueView, frame: Frame): Page {
  const { onward } = wordsOf(frame)
  const way =
    'form' in view.to
      ? form(view.to.form, html`<button class="primary" id="continue" type="submit">${onward.submit}</button>`)
      : html`<a class="button primary" id="continue" href="${webHref(view.to.href)}">${onward.submit}</a>`
  return layOut(frame, {
    title: view.client === null ? onward.title : `${onward.title} · ${view.client.name}`,
    main: html`<div class="seal">${ICONS.arrow}</div><h1>${onward.title}</h1><p>${onward.message}</p><p class="muted small">${onward.why}</p>${way}`,
  })
}
