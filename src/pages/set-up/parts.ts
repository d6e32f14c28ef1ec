// Pieces of the operator's pages: the step indicator, fields with their problems, the summary above them, states.

import { layOut, wordsOf } from '../look/layout.ts'
import { type Content, type Html, html } from '../markup/html.ts'
import { ICONS } from '../markup/icons.ts'
import { localized } from '../markup/parts.ts'
import type { Frame, Page } from '../views.ts'
import type { FieldProblem, Problems } from './views.ts'

export type Step = 1 | 2 | 3 | 4 | 5

export interface StepSheet {
  readonly step: Step
  /** Default: the step's own name. */
  readonly title?: string
  readonly intro: Content
  readonly hasError?: boolean
  readonly main: Content
  readonly scripts?: readonly string[]
  /** It has a verdict, a table, or something to unfold. */
  readonly isReport?: boolean
}

export function stepPage(frame: Frame, sheet: StepSheet): Page {
  const { setUp } = wordsOf(frame)
  const name = sheet.title ?? setUp.steps[sheet.step - 1] ?? setUp.title
  return layOut(frame, {
    title: setUp.pageTitle(sheet.step, setUp.steps.length, name),
    hasError: sheet.hasError === true,
    wide: true,
    ...(sheet.isReport === true && { dress: 'report' }),
    ...(sheet.scripts && { scripts: sheet.scripts }),
    main: html`${stepIndicator(frame, sheet.step)}<h1>${name}</h1><p class="lead">${sheet.intro}</p>${sheet.main}`,
  })
}

/** By the names that their addresses have. */
const STEPS = ['administrator', 'address', 'connect', 'person', 'rehearsal']

/** Past the last step everything is done. */
export function stepIndicator(frame: Frame, step: number, canGoBack = true): Html {
  const { setUp } = wordsOf(frame)
  const before = canGoBack ? STEPS[step - 2] : undefined
  const items = setUp.steps.map((name, index) => {
    const state = index + 1 < step ? 'past' : index + 1 === step ? 'current' : 'ahead'
    return html`<li class="${state}"><span>${name}</span></li>`
  })
  const progress = step <= setUp.steps.length && html`<span>${setUp.progress(step, setUp.steps.length)}</span>`
  const back = before !== undefined && html`<a id="back" href="?step=${before}">${setUp.back}</a>`
  return html`${(progress || back) && html`<p class="progress">${progress}${back}</p>`}<ol class="steps" aria-hidden="true">${items}</ol>`
}

function problemText(problem: FieldProblem, frame: Frame): string {
  const { problems } = wordsOf(frame).setUp
  switch (problem.problem) {
    case 'too_short':
      return problems.too_short(problem.limit)
    case 'too_long':
      return problems.too_long(problem.limit, problem.length)
    case 'issuer_lacks_scheme':
      return problems.issuer_lacks_scheme(problem.corrected)
    case 'text':
      return localized(problem.text, frame)
    default:
      return problems[problem.problem]
  }
}

export interface FieldSheet {
  readonly name: string
  readonly label: string
  readonly value?: string
  readonly type?: 'text' | 'password' | 'tel' | 'url'
  readonly autocomplete: string
  readonly hint?: string
  readonly problem?: FieldProblem | undefined
  readonly inputmode?: 'url' | 'tel'
  readonly autofocus?: boolean
  readonly optional?: boolean
}

export function field(sheet: FieldSheet, frame: Frame): Html {
  const { name, problem } = sheet
  // The problem says the same already.
  const hint = problem?.problem === 'too_short' ? undefined : sheet.hint
  const described = [problem && `${name}-error`, hint !== undefined && `${name}-hint`].filter(Boolean).join(' ')
  return html`<div class="field"><label for="${name}">${sheet.label}</label><input id="${name}" name="${name}" type="${sheet.type ?? 'text'}" value="${
    sheet.type === 'password' ? '' : sheet.value
  }" autocomplete="${sheet.autocomplete}" autocapitalize="none" spellcheck="false"${sheet.inputmode && html` inputmode="${sheet.inputmode}"`}${
    described !== '' && html` aria-describedby="${described}"`
  }${problem && html` aria-invalid="true"`}${sheet.optional !== true && html` required`}${sheet.autofocus === true && html` autofocus`}>${
    problem && fieldError(name, problem, frame)
  }${hint !== undefined && html`<span class="hint" id="${name}-hint">${hint}</span>`}</div>`
}

export function fieldError(name: string, problem: FieldProblem, frame: Frame): Html {
  return html`<span class="error" id="${name}-error">${problemText(problem, frame)}</span>`
}

/** All problems at once, each a link to its field. */
export function summary(problems: Problems<string>, labels: Readonly<Record<string, string>>, frame: Frame): Content {
  const items = Object.entries(problems).flatMap(([name, problem]) =>
    problem
      ? [
          html`<li><a href="#${name}">${labels[name] ?? name}</a>${wordsOf(frame).setUp.colon}${problemText(problem, frame)}</li>`,
        ]
      : [],
  )
  return (
    items.length > 0 &&
    html`<div class="alert" role="alert" id="problems">${ICONS.alert}<div><p><b>${wordsOf(frame).setUp.problemsHeading}</b></p><ul>${items}</ul></div></div>`
  )
}

export function hasProblems(problems: Problems<string>): boolean {
  return Object.values(problems).some((problem) => problem !== undefined)
}

const STATE_ICONS = {
  ok: ICONS.tick,
  warn: ICONS.warn,
  bad: ICONS.cross,
  unknown: ICONS.question,
  note: ICONS.info,
  waiting: ICONS.clock,
  refused: ICONS.cross,
}

export type State = keyof typeof STATE_ICONS

/** One row of a list of findings: state as drawing, colour and word. */
export function stateRow(state: State, word: string, what: Content, explanation: Content, id?: string): Html {
  return html`<li${id !== undefined && html` id="${id}"`}><span class="state state-${state}">${STATE_ICONS[state]}</span><div class="body"><b>${what}</b> <span class="word state-${state}">${word}</span>${explanation}</div></li>`
}
