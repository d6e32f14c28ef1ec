// Asking whether to sign out, and having signed out.

import { layOut, wordsOf } from '../look/layout.ts'
import { html, onwardHref } from '../markup/html.ts'
import { ICONS } from '../markup/icons.ts'
import { accountLink, form, note, wayOn } from '../markup/parts.ts'
import type { Frame, Page, SignedOutView, SignOutView } from '../views.ts'

export function signOutPage(view: SignOutView, frame: Frame): Page {
  const { signOut } = wordsOf(frame)
  return layOut(frame, {
    title: signOut.title,
    main: html`<div class="seal">${ICONS.door}</div><h1>${signOut.title}</h1>${view.notice && note({ kind: 'warn', isNew: true }, html`<p>${signOut.formExpired}</p>`, wordsOf(frame))}${
      view.client && html`<p>${signOut.asks(html`<strong>${view.client.name}</strong>`)}</p>`
    }${view.user && html`<p>${signOut.message(html`<strong>${view.user.name}</strong>`)}</p>`}<p class="lead">${signOut.plain}</p>${form(
      view.form,
      html`<div class="check"><input id="everywhere" name="everywhere" type="checkbox" value="yes" aria-describedby="everywhere-hint"><div><label for="everywhere">${signOut.everywhere}</label><span class="hint" id="everywhere-hint">${signOut.everywhereHint}</span></div></div><button class="primary" id="logout-confirm" type="submit" name="decision" value="sign-out">${signOut.confirm}</button><button id="logout-cancel" type="submit" name="decision" value="stay">${signOut.cancel}</button>`,
    )}${accountLink(view.accountHref, signOut.account)}`,
  })
}

export function signedOutPage(view: SignedOutView, frame: Frame): Page {
  const { signOut, signedOut, errors } = wordsOf(frame)
  const stayed = view.stayed === true
  const frames = (view.frames ?? []).filter((src) => /^https?:/.test(src))
  const href = view.continueHref ? onwardHref(view.continueHref) : null
  const title = stayed ? signedOut.stayedTitle : signedOut.title
  const front = { href: view.accountHref ? null : view.frontHref, text: errors.notFound.front }
  const ways = stayed ? [front] : [{ href: view.accountHref, text: signedOut.again }, front]
  return layOut(frame, {
    title,
    main: html`<div class="seal">${ICONS.tick}</div><h1>${title}</h1><p class="lead">${stayed ? signedOut.stayed : frames.length > 0 ? signedOut.told : signedOut.message}</p>${
      href !== null &&
      html`<a class="button primary" id="logout-continue" href="${href}">${view.client ? signedOut.onward(view.client.name) : signedOut.onwardPlain}</a>`
    }${stayed && accountLink(view.accountHref, signOut.account)}${href === null && wayOn(...ways)}${frames.map(
      (src) =>
        html`<iframe src="${src}" title="${signedOut.frame}" sandbox="allow-scripts allow-same-origin allow-forms" referrerpolicy="no-referrer" hidden></iframe>`,
    )}`,
  })
}
