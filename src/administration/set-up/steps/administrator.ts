// Step 1: whoever looks after this server. A user like any other, whose id the set-up remembers.

import { SHORTEST_PASSWORD } from '../../../credentials/password-text.ts'
import { type AdministratorView, administratorPage } from '../../../pages/index.ts'
import type { SetUpParts } from '../parts.ts'
import { knownPerson, savePerson, typed } from '../person-fields.ts'
import { atLeast, writeSetUp } from '../progress.ts'
import { formTarget, goTo, type OpenSetUp, showPage, showProblems, stepFrame } from '../visit.ts'
import type { Step } from './step.ts'

export function administratorStep(parts: SetUpParts): Step {
  const page = (open: OpenSetUp, view: Pick<AdministratorView, 'values' | 'problems'>) => {
    const form = formTarget(parts, open, 'administrator')
    const whole: AdministratorView = { form, minimumLength: SHORTEST_PASSWORD, ...view }
    return administratorPage(whole, stepFrame(parts, open, { page: 'administrator', view: whole }))
  }
  return {
    name: 'administrator',
    async show(open) {
      const user = await knownPerson(parts, open.progress.administratorId)
      const values = { username: user?.username ?? '', name: user?.profile.displayName ?? '' }
      return showPage(page(open, { values, problems: {} }), open)
    },
    forms: {
      async administrator(open, { fields }) {
        const username = typed(fields, 'username')
        const name = typed(fields, 'name')
        const password = typed(fields, 'password')
        const differ = password !== typed(fields, 'password_again')
        const existing = await knownPerson(parts, open.progress.administratorId)
        const person = { username, name, password, phone: null }
        // Nothing may be saved while the two passwords differ, so it is said before.
        const saved = await savePerson(parts, person, existing, differ ? { password: DIFFER } : {})
        if ('problems' in saved) {
          const { password: first, username: badName, name: badDisplay } = saved.problems
          const problems = {
            ...(badName && { username: badName }),
            ...(badDisplay && { name: badDisplay }),
            ...(first && (first.problem === 'passwords_differ' ? { password_again: first } : { password: first })),
          }
          return showProblems(page(open, { values: { username, name }, problems }), open)
        }
        await writeSetUp(parts.store, { ...atLeast(open.progress, 'address'), administratorId: saved.userId })
        return goTo(open, 'address')
      },
    },
  }
}

const DIFFER = { problem: 'passwords_differ' } as const
