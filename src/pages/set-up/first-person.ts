// Set-up, step 4: one person typed in, or many from a CSV, with a report of the rows that are wrong.

import { wordsOf } from '../look/layout.ts'
import { type Content, type Html, html } from '../markup/html.ts'
import { alert, form, localized, note } from '../markup/parts.ts'
import type { Frame, Page } from '../views.ts'
import { field, fieldError, hasProblems, stepPage, summary } from './parts.ts'
import type { FirstPersonView } from './views.ts'

export function firstPersonPage(view: FirstPersonView, frame: Frame): Page {
  const words = wordsOf(frame).setUp.person
  const { problems, pasteAgain = false } = view
  const isLacking = (view.gaps ?? null) !== null
  const { peopleWithoutPhone: withoutPhone, onlyPerson = null } = view
  const described = [problems.csv && 'csv-error', pasteAgain && 'paste-again'].filter(Boolean).join(' ')
  const labels = {
    username: words.username,
    name: words.name,
    phone: words.phone,
    password: words.password,
    file: words.file,
    csv: words.pasted,
  }
  return stepPage(frame, {
    step: 4,
    isReport: view.badRows.length > 0,
    intro: words.intro,
    hasError: hasProblems(problems) || view.badRows.length > 0 || isLacking,
    main: html`${summary(problems, labels, frame)}${gaps(view, frame)}${report(view, frame)}<section${view.badRows.length > 0 && html` class="section"`} aria-labelledby="one"><h2 id="one">${words.one}</h2>${form(view.form, person(view, frame))}</section><section class="section" aria-labelledby="many"><h2 id="many">${words.many}</h2><p>${words.manyIntro}<br><code>${words.columns}</code></p><p class="muted small">${words.columnsHint}</p>${form(
      view.importForm,
      html`<div class="field"><label for="file">${words.file}</label><input id="file" name="file" type="file" accept=".csv,text/csv"${problems.file && html` aria-invalid="true" aria-describedby="file-error"`}>${
        problems.file && fieldError('file', problems.file, frame)
      }</div><div class="field"><label for="csv">${words.paste}</label><textarea id="csv" name="csv" class="mono" rows="6" autocomplete="off" spellcheck="false" autocapitalize="none"${problems.csv && html` aria-invalid="true"`}${described !== '' && html` aria-describedby="${described}"`}>
${view.csv}</textarea>${problems.csv && fieldError('csv', problems.csv, frame)}${pasteAgain && html`<span class="hint" id="paste-again">${words.pasteAgain}</span>`}</div>${tick('passwords_temporary', view.passwordsTemporary, words.passwordsTemporary)}${isLacking && tick('anyway', false, words.gaps.anyway)}<div class="actions"><button id="import" type="submit">${words.import}</button></div>`,
      true,
    )}</section>${
      view.skip &&
      html`<section class="section">${form(view.skip, html`${withoutPhone !== null && withoutPhone > 0 && html`<p class="hint" id="skip-hint">${words.skipWithoutPhone(withoutPhone, view.people, onlyPerson)}</p>`}<div class="actions"><button id="skip" type="submit">${words.skip(view.people, onlyPerson)}</button></div>`)}</section>`
    }`,
  })
}

function tick(name: string, isTicked: boolean, label: string): Html {
  return html`<div class="check"><input id="${name}" name="${name}" type="checkbox" value="yes"${isTicked && html` checked`}><label for="${name}">${label}</label></div>`
}

function person(view: FirstPersonView, frame: Frame): Html {
  const words = wordsOf(frame).setUp.person
  const { problems, values } = view
  return html`<div class="pair">${field({ name: 'username', label: words.username, value: values.username, autocomplete: 'off', problem: problems.username }, frame)}${field(
    { name: 'name', label: words.name, value: values.name, autocomplete: 'off', problem: problems.name },
    frame,
  )}</div><div class="pair">${field(
    {
      name: 'phone',
      label: words.phone,
      value: values.phone,
      type: 'tel',
      inputmode: 'tel',
      autocomplete: 'off',
      hint: words.phoneHint,
      problem: problems.phone,
    },
    frame,
  )}${field(
    {
      name: 'password',
      label: words.password,
      type: 'password',
      autocomplete: 'new-password',
      hint: words.passwordHint(view.minimumLength),
      problem: problems.password,
    },
    frame,
  )}</div><div class="check"><input id="phone_verified" name="phone_verified" type="checkbox" value="yes"${values.phoneVerified && html` checked`}><label for="phone_verified">${words.phoneVerified}<span class="hint">${words.phoneVerifiedHint}</span></label></div>${tick('password_temporary', values.passwordTemporary, words.passwordTemporary)}<div class="actions"><button class="primary" id="continue" type="submit">${words.submit}</button></div>`
}

/** Before anything is imported: afterwards each of them would have to be mended alone. */
function gaps({ gaps = null }: FirstPersonView, frame: Frame): Content {
  if (gaps === null) return null
  const words = wordsOf(frame).setUp.person.gaps
  const kinds = (['withoutPhone', 'unverifiedPhone'] as const).flatMap((kind) => {
    const { count, lines } = gaps[kind]
    return count === 0 ? [] : [html`<li>${words[kind](count, words.lines(lines, count > lines.length))}</li>`]
  })
  return note(
    { kind: 'warn', id: 'gaps', isNew: true },
    html`<p><b>${words.title}</b></p><ul>${kinds}</ul><p>${words.advice}</p>${gaps.wasFile && html`<p>${words.chooseAgain}</p>`}`,
    wordsOf(frame),
  )
}

function report(view: FirstPersonView, frame: Frame): Content {
  const words = wordsOf(frame).setUp.person
  const shown = view.badRows.length
  const all = Math.max(view.badRowCount ?? shown, shown)
  if (shown === 0) return null
  const rows = view.badRows.map((row) => html`<tr><td>${row.line}</td><td>${localized(row.reason, frame)}</td></tr>`)
  return html`${alert('bad-rows', words.badRows(all))}<table><thead><tr><th scope="col">${words.line}</th><th scope="col">${words.reason}</th></tr></thead><tbody>${rows}</tbody></table>${
    all > shown && html`<p class="muted small">${words.more(all - shown)}</p>`
  }`
}
