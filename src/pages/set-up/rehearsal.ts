// The rehearsal, as step 5 of the set-up and on a page of its own: choose a person, see the three requests and replies,
// each line of the contract, and what the client would know.

import { layOut, wordsOf } from '../look/layout.ts'
import { command } from '../markup/code.ts'
import { type Content, type Html, html } from '../markup/html.ts'
import { ICONS } from '../markup/icons.ts'
import { form, localized } from '../markup/parts.ts'
import { prose } from '../markup/prose.ts'
import type { Frame, Page } from '../views.ts'
import { field, fieldError, hasProblems, stateRow, stepPage, summary } from './parts.ts'
import type { RehearsalResultView, RehearsalView } from './views.ts'

/** On its own, opened by a link of the command line. */
export function rehearsalPage(view: RehearsalView, frame: Frame): Page {
  const words = wordsOf(frame).setUp.rehearsal
  return layOut(frame, {
    title: `${words.title} · ${view.clientName}`,
    hasError: hasProblems(view.problems),
    wide: true,
    dress: 'report',
    main: html`<h1>${words.title}</h1><p class="lead">${words.intro(html`<strong>${view.clientName}</strong>`)}</p>${rehearsal(view, frame)}`,
  })
}

export function setUpRehearsalPage(view: RehearsalView, frame: Frame): Page {
  const words = wordsOf(frame).setUp.rehearsal
  return stepPage(frame, {
    step: 5,
    isReport: true,
    intro: words.intro(html`<strong>${view.clientName}</strong>`),
    hasError: hasProblems(view.problems),
    main: html`${imported(view, frame)}${rehearsal(view, frame)}`,
  })
}

function imported({ imported: brought = null }: RehearsalView, frame: Frame): Content {
  const words = wordsOf(frame).setUp.rehearsal
  if (brought === null) return null
  const { people, withoutPassword } = brought
  const isComplete = withoutPassword === 0
  const lack =
    !isComplete && html`<p>${words.withoutPassword(withoutPassword, people, (text) => command(text, frame))}</p>`
  return html`<div class="verdict${!isComplete && ' warn'}" role="status" id="imported">${isComplete ? ICONS.tick : ICONS.warn}<div><span>${words.imported(people)}</span>${lack}</div></div>`
}

function rehearsal(view: RehearsalView, frame: Frame): Html {
  const words = wordsOf(frame).setUp.rehearsal
  const { result, next } = view
  const isSettled = result?.passed === true && (result.warnings ?? []).length === 0
  const start = html`${summary(view.problems, { user: words.user }, frame)}<div class="narrow">${form(
    view.form,
    html`${person(view, frame)}<button${!isSettled && html` class="primary"`} id="rehearse" type="submit">${result === null ? words.submit : words.again}</button>`,
  )}</div>`
  const onward =
    next &&
    form(
      next,
      html`<div class="actions"><button${isSettled && html` class="primary"`} id="continue" type="submit">${words.next}</button></div>`,
    )
  return html`${result && verdict(result, frame)}${start}${result && details(result, frame)}${onward}`
}

function person(view: RehearsalView, frame: Frame): Html {
  const words = wordsOf(frame).setUp.rehearsal
  const { user: problem } = view.problems
  if (view.users.length === 0) {
    return field(
      { name: 'user', label: words.user, value: view.chosen, autocomplete: 'off', hint: words.userHint, problem },
      frame,
    )
  }
  const options = view.users.map(
    (user) =>
      html`<option value="${user.value}"${user.value === view.chosen && html` selected`}>${user.label}</option>`,
  )
  return html`<div class="field"><label for="user">${words.user}</label><select id="user" name="user"${
    problem && html` aria-invalid="true" aria-describedby="user-error"`
  }>${options}</select>${problem && fieldError('user', problem, frame)}</div>`
}

function verdict(result: RehearsalResultView, frame: Frame): Html {
  const words = wordsOf(frame).setUp.rehearsal
  const { warnings = [] } = result
  if (result.passed && warnings.length > 0) {
    const lacks = warnings.map((warning) => html`<p>${prose(warning, frame)}</p>`)
    return html`<div class="verdict warn" role="status" id="verdict">${ICONS.warn}<div><span>${words.qualified(result.clientName, result.userName)}</span>${lacks}</div></div>`
  }
  return result.passed
    ? html`<div class="verdict" role="status" id="verdict">${ICONS.tick}<span>${words.passed(result.clientName, result.userName)}</span></div>`
    : html`<div class="verdict bad" role="alert" id="verdict">${ICONS.cross}<div><span>${words.failed(result.clientName)}</span>${failures(result, frame)}</div></div>`
}

/** Each a link to its row, where it says why. */
function failures({ exchanges }: RehearsalResultView, frame: Frame): Html {
  const rows = exchanges.flatMap((exchange) =>
    exchange.lines.flatMap(({ state, text }, at) =>
      state === 'bad' ? [html`<li><a href="#${rowId(exchange, at)}">${localized(text, frame)}</a></li>`] : [],
    ),
  )
  return html`<ul>${rows}</ul>`
}

type Exchange = RehearsalResultView['exchanges'][number]

function rowId({ endpoint }: Exchange, at: number): string {
  return `${endpoint}-${at + 1}`
}

function details(result: RehearsalResultView, frame: Frame): Html {
  const words = wordsOf(frame).setUp.rehearsal
  const sections = result.exchanges.map(
    (exchange, index) =>
      html`<section class="section" id="${exchange.endpoint}"><h2>${index + 1}. ${words.endpoints[exchange.endpoint]}</h2>${lines(exchange, frame)}${wire(words.request, exchange.request)}${wire(words.reply, exchange.reply)}</section>`,
  )
  return html`${sections}<section class="section" id="known"><h2>${words.known(result.clientName, result.userName)}</h2>${known(result, frame)}</section>`
}

/** First those that somebody has to read; what holds is folded, so that it is in nobody's way. */
function lines(exchange: Exchange, frame: Frame): Content {
  const words = wordsOf(frame).setUp.rehearsal
  const others: Html[] = []
  const fine: Html[] = []
  for (const [at, { state, text, explanation, clause }] of exchange.lines.entries()) {
    const [id, what] = [rowId(exchange, at), localized(text, frame)]
    const why = html`${explanation !== undefined && html`<p>${prose(explanation, frame)}</p>`}<p><span class="small">${clause}</span></p>`
    if (state === 'ok') fine.push(html`<li id="${id}"><div class="body"><b>${what}</b>${why}</div></li>`)
    else others.push(stateRow(state, words.states[state], what, why, id))
  }
  return html`${others.length > 0 && html`<ul class="rows">${others}</ul>`}${
    fine.length > 0 &&
    html`<details class="fine"><summary>${words.fine(fine.length)}</summary><ul class="rows">${fine}</ul></details>`
  }`
}

function wire(name: string, text: string): Html {
  return html`<details><summary>${name}</summary><pre>${text}</pre></details>`
}

function known(result: RehearsalResultView, frame: Frame): Content {
  const { consent, setUp } = wordsOf(frame)
  const words = setUp.rehearsal
  if (result.known.length === 0) return html`<p>${words.nothing}</p>`
  // The consent page speaks to the person, and this one about the person.
  const nameOf = ({ kind, isVerification = false }: RehearsalResultView['known'][number]) => {
    const name = kind === 'identifier' ? words.identifier : consent.kinds[kind].name
    return isVerification ? words.verified(name) : name
  }
  const rows = result.known.map(
    (claim) =>
      html`<tr><th scope="row"><code>${claim.claim}</code><span class="hint">${nameOf(claim)}</span></th><td>${claim.value}</td></tr>`,
  )
  return html`<table><thead><tr><th scope="col">${words.claim}</th><th scope="col">${words.value}</th></tr></thead><tbody>${rows}</tbody></table>`
}
