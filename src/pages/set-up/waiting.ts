// After the set-up: the last real request at each endpoint, or the rule that refused it, until user info has been
// answered to the real client.

import { layOut, wordsOf } from '../look/layout.ts'
import { command, commandHint, pieces } from '../markup/code.ts'
import { html } from '../markup/html.ts'
import { ICONS } from '../markup/icons.ts'
import { form } from '../markup/parts.ts'
import { prose } from '../markup/prose.ts'
import type { Frame, Page } from '../views.ts'
import type { Words } from '../words/index.ts'
import { stateRow, stepIndicator } from './parts.ts'
import { REFRESH_SCRIPT } from './scripts.ts'
import type { LastRequestView, WaitingView } from './views.ts'

export function waitingPage(view: WaitingView, frame: Frame): Page {
  const words = wordsOf(frame).setUp.waiting
  const isFinished = view.finish === null
  const title = view.done
    ? words.doneTitle
    : isFinished
      ? words.finished.title
      : view.outOfReach === null
        ? words.title
        : words.outOfReachTitle
  const client = html`<strong>${view.clientName}</strong>`
  const lead =
    view.outOfReach === null
      ? words.intro(client)
      : words.outOfReach(client, html`<strong>${pieces(view.outOfReach)}</strong>`, (text) => command(text, frame))
  // Nothing is left to wait for.
  const isOver = view.done || view.outOfReach !== null
  const verdict =
    view.done &&
    html`<div class="verdict" role="status" id="verdict">${ICONS.tick}<span>${words.done(client)}</span></div>`
  // What the script compares: ages change all the time and are not worth an announcement, these are.
  const state = view.requests
    .map((request) => `${request.endpoint} ${request.state} ${request.traceId ?? ''}`)
    .join('; ')
  const refresh = !view.done && html`<a class="button" id="refresh" href="${view.refreshHref}">${words.refresh}</a>`
  const finish =
    view.finish &&
    form(
      view.finish,
      html`<button class="${isOver ? 'primary' : 'quiet'}" id="finish" type="submit">${isOver ? words.finish : words.finishEarly}</button>`,
    )
  return layOut(frame, {
    title: `${title} · ${wordsOf(frame).setUp.title}`,
    wide: true,
    dress: 'report',
    ...(!view.done && { scripts: [REFRESH_SCRIPT], connects: true }),
    main: html`${stepIndicator(frame, 6, !isFinished)}<h1>${title}</h1>${verdict}${!view.done && html`<p class="lead" id="lead">${lead}</p>`}<p class="hidden" role="status" id="said"></p><div id="requests" data-done="${
      view.done ? 'yes' : 'no'
    }" data-state="${state}"><ul class="rows">${view.requests.map((request) => row(request, view.outOfReach !== null, frame))}</ul></div>${
      !view.done &&
      html`<div id="automatic" hidden><p class="hint">${words.automatic} <button class="link" id="pause" type="button">${words.pause}</button></p></div>`
    }${isFinished && finished(words.finished, view.done, frame)}<div class="actions">${isOver ? [finish, refresh] : [refresh, finish]}</div>`,
  })
}

/** Without a heading where the page has the same. */
function finished(
  { title, message, commands }: Words['setUp']['waiting']['finished'],
  isHeaded: boolean,
  frame: Frame,
) {
  const lines = Object.entries(commands).map(([words, does]) => html`<dt>${does}</dt><dd>${command(words, frame)}</dd>`)
  return html`<div class="section" id="finished">${isHeaded && html`<h2>${title}</h2>`}<p>${message}</p><dl class="facts">${lines}</dl>${commandHint(frame)}</div>`
}

function row(request: LastRequestView, isOutOfReach: boolean, frame: Frame) {
  const { waiting: words, colon } = wordsOf(frame).setUp
  const who =
    isOutOfReach && request.state !== 'waiting' && request.endpoint !== 'authorize'
      ? words.notByTencent
      : words.who[request.endpoint]
  const ago = request.secondsAgo !== undefined && html` · ${words.ago(request.secondsAgo)}`
  const refusal =
    request.state === 'refused' &&
    html`<p>${request.reason !== undefined && prose(request.reason, frame)}</p><p class="small">${words.rule}${colon}<code>${request.rule}</code>${
      request.clause !== undefined && html` (${request.clause})`
    }${request.traceId !== undefined && html` · ${words.trace}${colon}<code>${request.traceId}</code>`}</p>`
  return stateRow(
    request.state,
    words.states[request.state],
    words.endpoints[request.endpoint],
    html`<p class="small">${who}${ago}</p>${refusal}`,
    `request-${request.endpoint}`,
  )
}
