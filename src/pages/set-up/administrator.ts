// Set-up, step 1: the first administrator.

import { wordsOf } from '../look/layout.ts'
import { type Html, html } from '../markup/html.ts'
import { form } from '../markup/parts.ts'
import type { Frame, Page } from '../views.ts'
import { field, hasProblems, stepPage, summary } from './parts.ts'
import type { AdministratorView } from './views.ts'

export function administratorPage(view: AdministratorView, frame: Frame): Page {
  const words = wordsOf(frame).setUp.administrator
  const { problems, values } = view
  const labels = {
    username: words.username,
    name: words.name,
    company: words.company,
    password: words.password,
    password_again: words.passwordAgain,
  }
  const bad = hasProblems(problems)
  return stepPage(frame, {
    step: 1,
    intro: words.intro,
    hasError: bad,
    main: html`${summary(problems, labels, frame)}<div class="narrow">${form(
      view.form,
      html`${field({ name: 'username', label: words.username, value: values.username, autocomplete: 'username', problem: problems.username, autofocus: !bad }, frame)}${field(
        { name: 'name', label: words.name, value: values.name, autocomplete: 'name', problem: problems.name },
        frame,
      )}${company(view, frame)}${field(
        {
          name: 'password',
          label: words.password,
          type: 'password',
          autocomplete: 'new-password',
          hint: view.isThere ? words.passwordKept(view.minimumLength) : words.passwordHint(view.minimumLength),
          optional: view.isThere,
          problem: problems.password,
        },
        frame,
      )}${field(
        {
          name: 'password_again',
          label: words.passwordAgain,
          type: 'password',
          autocomplete: 'new-password',
          problem: problems.password_again,
          optional: view.isThere,
        },
        frame,
      )}<button class="primary" id="continue" type="submit">${view.isThere ? words.submitAgain : words.submit}</button>`,
    )}</div>`,
  })
}

function company({ values, isCompanyConfigured, problems }: AdministratorView, frame: Frame): Html {
  const words = wordsOf(frame).setUp.administrator
  return isCompanyConfigured
    ? html`<div class="field"><span class="label">${words.company}</span><span id="company">${values.company}</span><span class="hint">${words.companyConfigured}</span></div>`
    : field(
        {
          name: 'company',
          label: words.company,
          value: values.company,
          autocomplete: 'organization',
          hint: words.companyHint,
          problem: problems.company,
          optional: true,
        },
        frame,
      )
}
