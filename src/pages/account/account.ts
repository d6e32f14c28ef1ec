// The pages of a person's own account: what they have let in and where they are signed in, and the question before a
// permission is withdrawn.

import { initial, layOut, wordsOf } from '../look/layout.ts'
import { type Content, type Html, html, imageSource, webHref } from '../markup/html.ts'
import { ICONS } from '../markup/icons.ts'
import { clientLinks, clientLogo, form, heading } from '../markup/parts.ts'
import type { Frame, Page } from '../views.ts'
import type { Words } from '../words/index.ts'
import { browserNameIn } from './browser-name.ts'
import type { AccountDone, AccountView, WithdrawView } from './views.ts'
import { agoOf, type Calendar, calendarOf, momentOf, momentText } from './when.ts'

type Application = AccountView['applications'][number]
type Session = AccountView['sessions'][number]

export function accountPage(view: AccountView, frame: Frame): Page {
  const words = wordsOf(frame)
  const { account } = words
  const calendar = calendarOf(frame.locale, view.zone)
  return layOut(frame, {
    // What has just been done is in the title, because a screen reader reads that first.
    title: view.done === null ? account.title : `${account.doneTitles[view.done.kind]} · ${account.title}`,
    dress: 'account',
    main: html`<h1>${account.title}</h1>${whose(view.user, words)}<ul class="own"><li><a id="password" href="${view.passwordHref}">${account.password}</a></li><li><a id="another" href="${view.anotherHref}">${account.another}</a></li></ul>${
      view.done && done(view.done, words)
    }${contents(view, words)}<section aria-labelledby="applications"><h2 id="applications">${account.applications}</h2>${
      view.applications.length === 0
        ? html`<p id="no-applications">${account.noApplications}</p>`
        : html`<ul class="list">${view.applications.map((each, at) => application(each, at + 1, calendar, words))}</ul>`
    }<p class="hint">${account.applicationsHint}</p></section><section aria-labelledby="sessions"><h2 id="sessions">${account.sessions}</h2><ul class="list">${view.sessions.map(
      (each, at) => session(view, each, at + 1, calendar, words),
    )}</ul>${elsewhere(view, words)}</section>`,
  })
}

export function whose(user: AccountView['user'], { account }: Words): Html {
  return html`<p class="muted" id="whose">${account.signedInAs(named(user))}</p>`
}

export function named({ name, username }: AccountView['user']): Html {
  return html`<strong>${name}</strong>${name !== username && ` (${username})`}`
}

function done({ kind, client, count = 0 }: AccountDone, { account }: Words): Html {
  const said =
    kind === 'withdrawn'
      ? client === undefined
        ? account.done.withdrawnPlain
        : account.done.withdrawn(html`<strong>${client}</strong>`)
      : kind === 'signed_out_elsewhere'
        ? account.done.signed_out_elsewhere(count)
        : account.done[kind]
  return html`<div class="done" role="status" id="done">${ICONS.tick}<div><p>${said}</p></div></div>`
}

/** Links to the parts of the page, so that nobody has to pass a long list of applications to reach what comes after it. */
function contents({ applications }: AccountView, { account }: Words): Content {
  return (
    applications.length > 3 &&
    html`<nav class="contents" aria-label="${account.contents}"><ul><li><a href="#applications">${account.applications}</a></li><li><a href="#sessions">${account.sessions}</a></li></ul></nav>`
  )
}

function application(each: Application, at: number, calendar: Calendar, { account, consent }: Words): Html {
  const { client } = each
  const logo = imageSource(client.logo)
  const picture =
    logo === null
      ? html`<span class="mark" aria-hidden="true">${initial(client.name)}</span>`
      : html`<img src="${logo}" alt="" loading="lazy" width="36" height="36">`
  const kinds = each.kinds.map(({ kind, label }) => label ?? consent.kinds[kind].name).join(account.between)
  const resources = each.resources
    .map(({ name, scope }) => (scope.length === 0 ? name : `${name} (${scope.join(', ')})`))
    .join(account.between)
  return html`<li><div class="head">${picture}<h3>${client.name}</h3></div><p class="muted">${account.since(momentOf(each.since, calendar))}</p>${
    kinds !== '' && html`<p><span class="muted">${account.data}</span>${kinds}</p>`
  }${resources !== '' && html`<p><span class="muted">${account.resources}</span>${resources}</p>`}<a class="button" id="withdraw-${at}" href="${webHref(
    each.withdrawHref,
  )}">${account.withdraw}<span class="hidden">${account.withdrawFrom(client.name)}</span></a></li>`
}

function session(view: AccountView, each: Session, at: number, calendar: Calendar, { account }: Words): Html {
  const { signOutThere } = view
  const name = browserNameIn(each.browser, account)
  const which = account.signOutWhich(name ?? '', momentText(each.since, calendar))
  const button = html`<button id="sign-out-${at}" type="submit">${account.signOutThere}<span class="hidden">${which}</span></button>`
  const head =
    name === null
      ? html`<h3>${each.isHere ? account.here : account.elsewhere}</h3>`
      : html`<h3>${name}</h3>${each.isHere && html`<span class="tag">${account.here}</span>`}`
  return html`<li${each.isHere && html` id="here"`}><div class="head">${head}</div><p class="muted">${account.signedIn(momentOf(each.since, calendar))}</p><p class="muted">${account.lastUsed(agoOf(each.lastUsed, view.now, calendar, account.justNow))}</p>${
    each.applications.length > 0 &&
    html`<p class="muted">${account.usedFor(each.applications.join(account.between))}</p>`
  }${
    each.isHere
      ? html`<a class="button" id="sign-out-here" href="${webHref(view.signOutHref)}">${account.signOutHere}</a>`
      : form({ ...signOutThere, hidden: { ...signOutThere.hidden, session: each.value } }, button)
  }</li>`
}

function elsewhere({ applications, sessions, signOutThere }: AccountView, { account }: Words): Html {
  if (sessions.every(({ isHere }) => isHere)) return html`<p class="hint" id="nowhere-else">${account.nowhereElse}</p>`
  // The hint refers to the applications listed above, so it needs some.
  const hint = applications.length > 0 && html`<p class="hint" id="elsewhere-hint">${account.signOutElsewhereHint}</p>`
  const button = html`<button id="sign-out-elsewhere" type="submit" name="elsewhere" value="yes"${hint && html` aria-describedby="elsewhere-hint"`}>${account.signOutElsewhere}</button>`
  return html`<p class="hint">${account.sessionsHint}</p>${form(signOutThere, button)}${hint}`
}

export function withdrawPage(view: WithdrawView, frame: Frame): Page {
  const words = wordsOf(frame)
  const { withdrawal } = words.account
  const { client } = view
  const title = withdrawal.title(client.name)
  const effects = withdrawal.effects(html`<strong>${client.name}</strong>`).map((each) => html`<li>${each}</li>`)
  return layOut(frame, {
    title,
    dress: 'account',
    main: html`${clientLogo(client)}${heading(title, client.name)}${whose(view.user, words)}<p>${withdrawal.lead}</p><ul class="effects">${effects}</ul>${
      view.contact !== null && html`<dl class="facts"><dt>${withdrawal.contact}</dt><dd>${view.contact}</dd></dl>`
    }${form(
      view.form,
      html`<button class="primary" id="withdraw-confirm" type="submit">${withdrawal.confirm}</button>`,
    )}<a class="button" id="withdraw-cancel" href="${webHref(view.backHref)}">${withdrawal.cancel}</a>${clientLinks(client, words)}`,
  })
}
