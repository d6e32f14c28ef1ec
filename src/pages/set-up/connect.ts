// Set-up, step 3: a name becomes a client, and the six values for 制作云's console.

import { wordsOf } from '../look/layout.ts'
import { code, command, pieces } from '../markup/code.ts'
import { type Content, type Html, html } from '../markup/html.ts'
import { form, note } from '../markup/parts.ts'
import { prose } from '../markup/prose.ts'
import type { Frame, Page } from '../views.ts'
import { field, hasProblems, stepPage, summary } from './parts.ts'
import { COPY_SCRIPT } from './scripts.ts'
import type { ConnectedView, ConnectView } from './views.ts'

export function connectPage(view: ConnectView, frame: Frame): Page {
  const words = wordsOf(frame).setUp.connect
  // Most likely it is for the same tenant: a second client by mistake leaves its console with the wrong id.
  const isFirst = view.twins.length === 0
  return stepPage(frame, {
    step: 3,
    intro: words.intro,
    hasError: hasProblems(view.problems),
    main: html`${summary(view.problems, { name: words.name }, frame)}${twins(view, frame)}${!isFirst && html`<h2>${words.twins.heading}</h2><p class="muted">${words.twins.another}</p>`}<div class="narrow">${form(
      view.form,
      html`${field(
        {
          name: 'name',
          label: words.name,
          value: view.name,
          autocomplete: 'off',
          hint: words.nameHint,
          problem: view.problems.name,
        },
        frame,
      )}<button${isFirst && html` class="primary"`} id="continue" type="submit">${isFirst ? words.submit : words.twins.submit}</button>`,
    )}</div>`,
  })
}

function twins({ twins, twinCount }: ConnectView, frame: Frame): Content {
  if (twins.length === 0) return null
  const words = wordsOf(frame).setUp.connect.twins
  const rows = twins.map(
    ({ name, clientId, use }, at) =>
      html`<li><b>${name}</b><p class="small">ClientId <code>${clientId}</code></p>${form(
        use,
        html`<button${twins.length === 1 && html` class="primary"`} id="use-${at + 1}" type="submit">${words.use}<span class="hidden">${words.which(name)}</span></button>`,
      )}</li>`,
  )
  const more = twinCount - twins.length
  return note(
    { kind: 'info', id: 'twins' },
    html`<p><b>${words.title(twinCount)}</b></p><ul>${rows}</ul>${
      more > 0 && html`<p>${words.more(more)}</p>`
    }<p>${words.same}</p>`,
    wordsOf(frame),
  )
}

/** The names as the console writes them, in its order. */
const SIX = ['ClientId', 'ClientSecret', 'AuthorizationEndpoint', 'TokenEndpoint', 'UserInfoEndpoint', 'Scope'] as const

export function connectedPage(view: ConnectedView, frame: Frame): Page {
  const words = wordsOf(frame).setUp.connect
  const isLater = view.notYet !== null
  const client = html`<strong>${view.clientName}</strong>`
  const rows = SIX.map((name) => {
    const value = view.values[name]
    const rotate = command(view.rotateSecret, frame)
    const hint = name !== 'ClientSecret' ? null : value === null ? words.secretGone(rotate) : words.secretOnce
    return value === null
      ? html`<div class="value"><span class="label">${name}</span><span class="hint">${hint}</span></div>`
      : valueRow(name, value, hint, frame)
  })
  return stepPage(frame, {
    step: 3,
    title: words.values,
    intro: isLater ? words.laterIntro(client) : words.doneIntro(client),
    scripts: [COPY_SCRIPT],
    main: html`${sameNameNote(view, frame)}${notYetNote(view, frame)}<div id="six-values">${rows}</div><p class="hidden" role="status" id="copied"></p><h2>${words.callback}</h2><p class="muted">${words.callbackHint}</p><p>${code(view.callback, 'callback')}</p>${form(
      view.form,
      html`<div class="actions"><button class="primary" id="continue" type="submit">${isLater ? words.submitLater : words.submitDone}</button></div>`,
    )}`,
  })
}

function sameNameNote({ sameName }: ConnectedView, frame: Frame): Content {
  return (
    sameName !== null &&
    note(
      { kind: 'warn', id: 'same-name' },
      html`<p>${prose(sameName, frame)}${wordsOf(frame).setUp.stop}</p>`,
      wordsOf(frame),
    )
  )
}

function notYetNote({ notYet }: ConnectedView, frame: Frame): Content {
  if (notYet === null) return null
  const { fault, running, addressHref } = notYet
  const words = wordsOf(frame).setUp.connect.notYet
  const issuer = html`<strong>${pieces(notYet.issuer)}</strong>`
  const step = (text: string) => html`<a id="choose-address" href="${addressHref}">${text}</a>`
  const faulty = fault !== null && html`<p id="${fault}">${words[fault](issuer, step)}</p>`
  const restart =
    running !== null &&
    html`<p id="restart">${words.restart(issuer, html`<strong>${pieces(running)}</strong>`, (text) => command(text, frame))}</p>`
  return note(
    { kind: 'warn', id: 'not-yet' },
    html`<p><b>${words.warning}</b></p>${faulty}${restart}<p>${words.anyway}</p>`,
    wordsOf(frame),
  )
}

function valueRow(name: string, value: string, hint: Content, frame: Frame): Html {
  const words = wordsOf(frame).setUp.connect
  return html`<div class="value"><label for="${name}">${name}</label><div class="copy"><input id="${name}" type="text" readonly value="${value}" autocomplete="off" spellcheck="false"${
    hint !== null && html` aria-describedby="${name}-hint"`
  }><button type="button" hidden data-copy="${name}" data-copied="${words.copied}">${words.copy}<span class="hidden"> ${name}</span></button></div>${
    hint !== null && html`<span class="hint" id="${name}-hint">${hint}</span>`
  }</div>`
}
