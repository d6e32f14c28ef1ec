// Small line drawings, decorative always: the words beside them say everything.

import type { DataKind } from '../../model/data-kind.ts'
import { type Html, html } from './html.ts'

const icon = (paths: Html) => html`<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">${paths}</svg>`

const person = html`<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.7-3.9 3.7-6 7.5-6s6.8 2.1 7.5 6"/>`

export const ICONS = {
  alert: icon(html`<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.5M12 16.4v.1"/>`),
  warn: icon(html`<path d="M12 4L2.8 19.5h18.4zM12 10v4M12 16.8v.1"/>`),
  info: icon(html`<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.6v.1"/>`),
  clock: icon(html`<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>`),
  tick: icon(html`<circle cx="12" cy="12" r="9"/><path d="M8 12.3l2.8 2.8L16 9.5"/>`),
  cross: icon(html`<circle cx="12" cy="12" r="9"/><path d="M9 9l6 6M15 9l-6 6"/>`),
  question: icon(
    html`<circle cx="12" cy="12" r="9"/><path d="M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 16.6v.1"/>`,
  ),
  arrow: icon(html`<path d="M5 12h14M13 6l6 6-6 6"/>`),
  plus: icon(html`<path d="M12 5v14M5 12h14"/>`),
  door: icon(html`<path d="M10 4H6.5A1.5 1.5 0 0 0 5 5.5v13A1.5 1.5 0 0 0 6.5 20H10M14 8l4 4-4 4M18 12H9.5"/>`),
  sign: icon(html`<path d="M12 3v18M12 5h6l2.5 2.5L18 10h-6M12 12H6.5L4 14.5 6.5 17H12"/>`),
  key: icon(html`<circle cx="8" cy="15" r="4"/><path d="M11 12l8-8M16 7l2.5 2.5"/>`),
}

export const KIND_ICONS: Readonly<Record<DataKind, Html>> = {
  identifier: icon(html`<path d="M9 4L7 20M17 4l-2 16M4.5 9h16M3.5 15h16"/>`),
  name: icon(person),
  username: icon(
    html`<circle cx="12" cy="12" r="3.5"/><path d="M15.5 8.5v4.75a2.25 2.25 0 0 0 4.5 0V12a8 8 0 1 0-3.2 6.4"/>`,
  ),
  phone: icon(html`<rect x="7" y="3" width="10" height="18" rx="2.25"/><path d="M11 17.5h2"/>`),
  email: icon(html`<rect x="3.5" y="5.5" width="17" height="13" rx="2"/><path d="M4 7l8 6 8-6"/>`),
  picture: icon(
    html`<rect x="3.5" y="4.5" width="17" height="15" rx="2"/><circle cx="9" cy="10" r="1.5"/><path d="M5 18l5-4.5 3 2.5 3-3 4 3.5"/>`,
  ),
  birthdate: icon(html`<rect x="4" y="5.5" width="16" height="14.5" rx="2"/><path d="M4 10h16M8.5 3.5v4M15.5 3.5v4"/>`),
  gender: icon(person),
  address: icon(
    html`<path d="M12 21c4-4.5 6.5-7.7 6.5-11a6.5 6.5 0 1 0-13 0c0 3.3 2.5 6.5 6.5 11z"/><circle cx="12" cy="10" r="2.25"/>`,
  ),
  locale: icon(
    html`<circle cx="12" cy="12" r="8.5"/><path d="M3.5 12h17M12 3.5c2.5 2.5 3.7 5.3 3.7 8.5s-1.2 6-3.7 8.5c-2.5-2.5-3.7-5.3-3.7-8.5S9.5 6 12 3.5z"/>`,
  ),
  other_profile: icon(
    html`<rect x="3.5" y="5" width="17" height="14" rx="2"/><circle cx="9" cy="11" r="2"/><path d="M6 16c.5-1.5 1.5-2.2 3-2.2s2.5.7 3 2.2M15 10h2.5M15 13.5h2.5"/>`,
  ),
  custom: icon(html`<path d="M5 7h14M5 12h14M5 17h9"/>`),
  offline: icon(html`<path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z"/>`),
}
