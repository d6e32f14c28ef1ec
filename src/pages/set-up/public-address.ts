// Set-up, step 2: the issuer, what checking it from outside found, and who must reach which address.

import { wordsOf } from '../look/layout.ts'
import { code } from '../markup/code.ts'
import { type Content, html } from '../markup/html.ts'
import { form, localized, note } from '../markup/parts.ts'
import { prose } from '../markup/prose.ts'
import type { Frame, Page } from '../views.ts'
import { field, hasProblems, stateRow, stepPage, summary } from './parts.ts'
import type { PublicAddressView } from './views.ts'

export function publicAddressPage(view: PublicAddressView, frame: Frame): Page {
  const words = wordsOf(frame).setUp.address
  const checks = view.checks.map((check) =>
    stateRow(
      check.state,
      words.states[check.state],
      localized(check.what, frame),
      html`<p>${prose(check.explanation, frame)}</p>`,
    ),
  )
  const faults = view.checks.filter(({ state }) => state === 'bad')
  const submit =
    faults.length > 0
      ? words.submitAnyway
      : view.checks.length > 0 && view.mustRestart
        ? words.submitLater
        : words.submit
  return stepPage(frame, {
    step: 2,
    intro: words.intro,
    hasError: hasProblems(view.problems),
    main: html`${summary(view.problems, { issuer: words.issuer }, frame)}${form(
      view.form,
      html`<div class="narrow">${field(
        {
          name: 'issuer',
          label: words.issuer,
          value: view.issuer,
          type: 'url',
          inputmode: 'url',
          autocomplete: 'url',
          hint: words.issuerHint,
          problem: view.problems.issuer,
        },
        frame,
      )}<button id="check" type="submit" name="action" value="check">${words.check}</button></div>${findings(view, frame)}${
        checks.length > 0 && html`<h2>${words.checks}</h2><ul class="rows" id="checks">${checks}</ul>`
      }${reach(view, frame)}<div class="actions"><button class="primary" id="continue" type="submit" name="action" value="continue">${submit}</button></div>`,
    )}`,
  })
}

/** What the checks mean for going on, above them: the button does something else than before. */
function findings({ checks, mustRestart }: PublicAddressView, frame: Frame): Content {
  const { address: words, between } = wordsOf(frame).setUp
  const faults = checks.filter(({ state }) => state === 'bad').map(({ what }) => localized(what, frame))
  const message =
    faults.length > 0
      ? words.notWorking(faults.join(between))
      : checks.length > 0 && mustRestart
        ? words.afterRestart
        : null
  return message && note({ kind: 'warn', id: 'address-note', isNew: true }, html`<p>${message}</p>`, wordsOf(frame))
}

function reach(view: PublicAddressView, frame: Frame): Content {
  const words = wordsOf(frame).setUp.address
  if (view.urls.length === 0) return null
  const group = (from: 'tencent' | 'browsers') => {
    const urls = view.urls.filter((url) => url.from === from)
    return (
      urls.length > 0 &&
      html`<h3>${words[from]}</h3><dl class="facts">${urls.map((url) => html`<dt>${url.name}</dt><dd>${code(url.url)}</dd>`)}</dl>`
    )
  }
  return html`<h2>${words.reach}</h2><p class="muted">${words.reachIntro}</p>${group('tencent')}${group('browsers')}`
}
