// The sign-in page, and the same page with a wait before it (429).

import { layOut, wordsOf } from '../look/layout.ts'
import { type Content, type Html, html } from '../markup/html.ts'
import { ICONS } from '../markup/icons.ts'
import { alert, clientLinks, clientLogo, form, inOnePiece, unverifiedNote } from '../markup/parts.ts'
import type { ClientView, FormTarget, Frame, Page, SignInError, SignInView, WaitView } from '../views.ts'

export function signInPage(view: SignInView, frame: Frame): Page {
  const words = wordsOf(frame)
  const error = view.error ?? null
  const lead = view.knownUser
    ? words.signIn.again(html`<strong>${view.knownUser}</strong>`)
    : onward(view.client, frame)
  return layOut(frame, {
    title: titled(words.signIn.title, view.client),
    hasError: error !== null,
    main: html`${clientLogo(view.client)}<h1>${words.signIn.title}</h1><p class="lead">${lead}</p>${unverifiedNote(view.client, words)}${
      error !== null && alert('sign-in-error', words.signIn.errors[error])
    }${fields({ ...view, username: view.username || (view.knownUser ?? ''), error }, frame)}${clientLinks(view.client, words)}`,
  })
}

export function waitPage(view: WaitView, frame: Frame): Page {
  const words = wordsOf(frame)
  return layOut(frame, {
    status: 429,
    title: titled(words.wait.title, view.client),
    main: html`<h1>${words.wait.heading}</h1><p class="lead">${onward(view.client, frame)}</p><div class="note" role="alert" id="sign-in-wait">${
      ICONS.clock
    }<div><p>${words.wait.message(view.seconds)}</p><p class="small">${words.wait.why}</p></div></div>${fields({ ...view, error: null }, frame)}${clientLinks(view.client, words)}`,
  })
}

function titled(title: string, client: ClientView | null): string {
  return client === null ? title : `${title} · ${client.name}`
}

function onward(client: ClientView | null, frame: Frame): Content {
  const words = wordsOf(frame)
  return client === null
    ? words.signIn.own(html`<strong>${frame.brand.productName}</strong>`)
    : words.signIn.onward(html`<strong>${client.name}</strong>`)
}

interface Fields {
  readonly form: FormTarget
  readonly client: ClientView | null
  readonly username: string
  readonly remember?: boolean
  readonly error: SignInError | null
  readonly cancel: FormTarget | null
}

/** Which fields an error is about. */
const BLAMED: Readonly<Record<SignInError, 'both' | 'username' | 'password' | 'none'>> = {
  wrong_credentials: 'both',
  username_missing: 'username',
  password_missing: 'password',
  user_disabled: 'none',
  other_user_expected: 'username',
  choice_expired: 'none',
}

export function isSignInError(text: string): text is SignInError {
  return Object.hasOwn(BLAMED, text)
}

function fields(view: Fields, frame: Frame): Html {
  const words = wordsOf(frame).signIn
  const blamed = view.error === null ? 'none' : BLAMED[view.error]
  const described = view.error !== null && html` aria-describedby="sign-in-error"`
  const about = (field: 'username' | 'password') =>
    html`${described}${(blamed === 'both' || blamed === field) && html` aria-invalid="true"`}`
  const atPassword = view.username !== ''
  const focus = html` autofocus`
  const username = html`<div class="field"><label for="username">${words.username}</label><input id="username" name="username" type="text" value="${view.username}" autocomplete="username" autocapitalize="none" autocorrect="off" spellcheck="false" maxlength="256" required${about('username')}${!atPassword && focus}></div>`
  const password = html`<div class="field"><label for="password">${words.password}</label><input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" required${about('password')}${atPassword && focus}></div>`
  const remember = html`<div class="check"><input id="remember" name="remember" type="checkbox" value="yes" aria-describedby="remember-hint"${view.remember === true && html` checked`}><div><label for="remember">${words.remember}</label><span class="hint" id="remember-hint">${words.rememberHint}</span></div></div>`
  const back = view.client === null ? words.cancelPlain : inOnePiece(words.cancel(view.client.name), view.client.name)
  return html`${form(
    view.form,
    html`${username}${password}${remember}<button class="primary" id="login-submit" type="submit">${words.submit}</button>`,
  )}${view.cancel && form(view.cancel, html`<button class="quiet" id="login-cancel" type="submit" name="decision" value="deny">${back}</button>`)}`
}
