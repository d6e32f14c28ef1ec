// Set-up, step 1: the first administrator.

import { html } from '../html.ts'
import { wordsOf } from '../layout.ts'
import { form } from '../parts.ts'
import type { AdministratorView } from '../set-up-views.ts'
import type { Frame, Page } from '../views.ts'
import { field, hasProblems, stepPage, summary } from './parts.ts'

export function administratorPage(view: AdministratorView, frame: Frame): Page {
  const words = wordsOf(frame).setUp.administrator
  const { problems, values } = view
  const labels = {
    username: words.username,
    name: words.name,
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
      )}${field(
        {
          name: 'password_again',
          label: words.passwordAgain,
          type: 'password',
          autocomplete: 'new-password',
          problem: problems.password_again,
        },
        frame,
      )}<button class="primary" id="continue" type="submit">${words.submit}</button>`,
    )}</div>`,
  })
}
