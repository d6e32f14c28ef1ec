// Step 1: whoever looks after this server, and for which company. A user like any other, whose id the set-up remembers.

import { SHORTEST_PASSWORD } from '../../../credentials/password-text.ts'
import { type AdministratorView, administratorPage, type Problems } from '../../../pages/index.ts'
import { nameProblem } from '../name-field.ts'
import type { SetUpParts } from '../parts.ts'
import { knownPerson, type PersonField, savePerson, typed } from '../person-fields.ts'
import { atLeast, writeSetUp } from '../progress.ts'
import { formTarget, goTo, type OpenSetUp, showPage, showProblems, stepFrame } from '../visit.ts'
import type { Step } from './step.ts'

/** Characters: it stands in the header of every page, on phones too. */
const LONGEST_COMPANY = 60

export function administratorStep(parts: SetUpParts): Step {
  const { operatorName, store } = parts
  const page = (open: OpenSetUp, view: Pick<AdministratorView, 'values' | 'problems' | 'isThere'>) => {
    const form = formTarget(parts, open, 'administrator')
    const isCompanyConfigured = operatorName.configured !== null
    const whole: AdministratorView = { form, isCompanyConfigured, minimumLength: SHORTEST_PASSWORD, ...view }
    return administratorPage(whole, stepFrame(parts, open, { page: 'administrator', view: whole }))
  }
  return {
    name: 'administrator',
    async show(open) {
      const user = await knownPerson(parts, open.progress.administratorId)
      const company = operatorName.configured ?? (await store.findFact('operator_name')) ?? ''
      const values = { username: user?.username ?? '', name: user?.profile.displayName ?? '', company }
      return showPage(page(open, { values, problems: {}, isThere: user !== null }), open)
    },
    forms: {
      async administrator(open, { fields }) {
        const username = typed(fields, 'username')
        const name = typed(fields, 'name')
        const password = typed(fields, 'password')
        const company = operatorName.configured ?? typed(fields, 'company')
        const differ = password !== typed(fields, 'password_again')
        const badCompany = operatorName.configured === null ? nameProblem(company, LONGEST_COMPANY) : null
        const existing = await knownPerson(parts, open.progress.administratorId)
        const person = { username, name, password, phone: null }
        // Nothing may be saved while something else is wrong, so it is said before.
        const others: Problems<PersonField> = {
          ...(differ && { password: DIFFER }),
          ...(badCompany !== null && { company: badCompany }),
        }
        const saved = await savePerson(parts, person, existing, others)
        if ('problems' in saved) {
          const { password: first, username: badName, name: badDisplay } = saved.problems
          const problems = {
            ...(badName && { username: badName }),
            ...(badDisplay && { name: badDisplay }),
            ...(badCompany && { company: badCompany }),
            ...(first && (first.problem === 'passwords_differ' ? { password_again: first } : { password: first })),
          }
          return showProblems(
            page(open, { values: { username, name, company }, problems, isThere: existing !== null }),
            open,
          )
        }
        if (operatorName.configured === null) await operatorName.keep(company.trim())
        await writeSetUp(store, { ...atLeast(open.progress, 'address'), administratorId: saved.userId })
        return goTo(open, 'address')
      },
    },
  }
}

const DIFFER = { problem: 'passwords_differ' } as const
