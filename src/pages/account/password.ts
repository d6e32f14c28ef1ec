// The pages on which a person chooses a password: another one, or the first one of their own.

import { layOut, wordsOf } from '../look/layout.ts'
import { type Content, type Html, html, webHref } from '../markup/html.ts'
import { ICONS } from '../markup/icons.ts'
import { alert, clientLogo, form, inOnePiece } from '../markup/parts.ts'
import type { Frame, Page } from '../views.ts'
import type { Words } from '../words/index.ts'
import { named, whose } from './account.ts'
import type { FirstPasswordView, PasswordError, PasswordView } from './views.ts'

export function passwordPage(view: PasswordView, frame: Frame): Page {
  const words = wordsOf(frame)
  const { password, signIn } = words
  const { error, wait, user } = view
  const remember = html`<div class="check"><input id="remember" name="remember" type="checkbox" value="yes" aria-describedby="remember-hint"${view.remember && html` checked`}><div><label for="remember">${signIn.remember}</label><span class="hint" id="remember-hint">${signIn.rememberHint}</span></div></div>`
  const current = field({
    name: 'current-password',
    label: password.current,
    autocomplete: 'current-password',
    isWrong: error?.field === 'current',
    isFirst: true,
  })
  return layOut(frame, {
    ...(wait !== null && { status: 429 }),
    title: password.title,
    dress: 'account',
    hasError: error !== null || wait !== null,
    main: html`<h1>${password.title}</h1>${whose(user, words)}${
      wait !== null &&
      html`<div class="note" role="alert" id="password-wait">${ICONS.clock}<div><p>${password.wait(wait)}</p></div></div>`
    }${error !== null && alert('password-error', message(error, view.minimumLength, words))}<p>${password.effects}</p>${form(
      view.form,
      html`${owner(user.username)}${current}${newPassword(view, false, words)}${remember}<button class="primary" id="password-submit" type="submit">${password.submit}</button>`,
    )}<a class="button" id="password-cancel" href="${webHref(view.backHref)}">${password.cancel}</a>`,
  })
}

export function firstPasswordPage(view: FirstPasswordView, frame: Frame): Page {
  const words = wordsOf(frame)
  const { first, submit } = words.password
  const { error, user, client } = view
  const back = client === null ? words.signIn.cancelPlain : inOnePiece(words.signIn.cancel(client.name), client.name)
  return layOut(frame, {
    title: first.title,
    hasError: error !== null,
    main: html`${clientLogo(client)}<h1>${first.title}</h1><p class="muted" id="whose">${named(user)}</p>${
      error !== null && alert('password-error', message(error, view.minimumLength, words))
    }<p>${first.why}</p>${form(
      view.form,
      html`${owner(user.username)}${newPassword(view, true, words)}<button class="primary" id="password-submit" type="submit">${client === null ? submit : first.submit}</button>`,
    )}${view.cancel && form(view.cancel, html`<button class="quiet" id="login-cancel" type="submit" name="decision" value="deny">${back}</button>`)}`,
  })
}

/** The user name in a hidden field, by which a password manager knows whose password is being changed. */
function owner(username: string): Html {
  return html`<input class="hidden" type="text" name="username" value="${username}" autocomplete="username" tabindex="-1" aria-hidden="true" readonly>`
}

interface Choice {
  readonly minimumLength: number
  readonly error: PasswordError | null
}

function newPassword({ minimumLength, error }: Choice, isFirst: boolean, { password }: Words): Html {
  const isAgain = error?.field === 'again'
  const once = { label: password.next, hint: password.nextHint(minimumLength), isFirst }
  const again = { name: 'new-password-again', label: password.again, isFirst: false }
  const autocomplete = 'new-password'
  return html`${field({ ...once, name: autocomplete, autocomplete, isWrong: isAgain || error?.field === 'next' })}${field(
    { ...again, autocomplete, isWrong: isAgain },
  )}`
}

function message(error: PasswordError, minimumLength: number, { password: { errors } }: Words): Content {
  if (error.field === 'current') return errors.current[error.fault]
  if (error.field === 'again') return errors.again[error.fault]
  return error.fault === 'too_short' ? errors.next.too_short(minimumLength) : errors.next[error.fault]
}

interface Sheet {
  readonly name: string
  readonly label: string
  readonly autocomplete: 'current-password' | 'new-password'
  readonly hint?: string
  readonly isWrong: boolean
  /** The first field has the focus, also after an error, because then all fields have to be typed again. */
  readonly isFirst: boolean
}

/** What was typed never comes back. */
function field({ name, label, autocomplete, hint, isWrong, isFirst }: Sheet): Html {
  const described = [isWrong && 'password-error', hint !== undefined && `${name}-hint`].filter(Boolean).join(' ')
  return html`<div class="field"><label for="${name}">${label}</label><input id="${name}" name="${name}" type="password" autocomplete="${autocomplete}" maxlength="1024" required${
    described !== '' && html` aria-describedby="${described}"`
  }${isWrong && html` aria-invalid="true"`}${isFirst && html` autofocus`}>${
    hint !== undefined && html`<span class="hint" id="${name}-hint">${hint}</span>`
  }</div>`
}
