// Step 4: one person typed in, a file of many, or whoever is here already.

import { sha256 } from '../../../credentials/digest.ts'
import { SHORTEST_PASSWORD } from '../../../credentials/password-text.ts'
import { type FirstPersonView, firstPersonPage } from '../../../pages/index.ts'
import { AdministrationError } from '../../errors.ts'
import { bytesSource, type ImportReport, importUsers } from '../../user-import/index.ts'
import type { SetUpParts } from '../parts.ts'
import { knownPerson, sameUsername, savePerson, typed } from '../person-fields.ts'
import { atLeast, renderDetail, writeSetUp } from '../progress.ts'
import { fileSentence, joined, problemSentence } from '../row-words.ts'
import { formTarget, goTo, type OpenSetUp, showPage, showProblems, stepFrame } from '../visit.ts'
import type { Step } from './step.ts'

/** More than anybody reads; the count says how many there are. */
const MOST_BAD_ROWS = 100

type Shown = Partial<
  Pick<FirstPersonView, 'values' | 'problems' | 'csv' | 'passwordsTemporary' | 'badRows' | 'badRowCount' | 'gaps'>
>

export function firstPersonStep(parts: SetUpParts): Step {
  const { store } = parts

  const page = async (open: OpenSetUp, shown: Shown) => {
    const people = await store.countUsers()
    const view: FirstPersonView = {
      form: formTarget(parts, open, 'person'),
      importForm: formTarget(parts, open, 'import'),
      skip: people > 0 ? formTarget(parts, open, 'skip') : null,
      values: NOBODY,
      problems: {},
      minimumLength: SHORTEST_PASSWORD,
      csv: '',
      passwordsTemporary: false,
      badRows: [],
      people,
      onlyPerson: people === 1 ? ((await store.listUsers('', 1))[0]?.username ?? null) : null,
      peopleWithoutPhone: await withoutPhone(store, people),
      ...shown,
    }
    // What was pasted may hold passwords.
    const said = view.csv === '' ? view : { ...view, csv: '', pasteAgain: true }
    return firstPersonPage(view, stepFrame(parts, open, { page: 'first-person', view: said }))
  }

  return {
    name: 'person',
    async show(open) {
      const user = await knownPerson(parts, open.progress.personId)
      const values =
        user === null
          ? NOBODY
          : {
              username: user.username,
              name: user.profile.displayName ?? '',
              phone: user.phone ?? '',
              phoneVerified: user.phoneVerified,
              passwordTemporary: user.passwordTemporary,
            }
      return showPage(await page(open, { values }), open)
    },
    forms: {
      async person(open, { fields }) {
        const values = {
          username: typed(fields, 'username'),
          name: typed(fields, 'name'),
          phone: typed(fields, 'phone'),
          phoneVerified: fields.get('phone_verified') === 'yes',
          passwordTemporary: fields.get('password_temporary') === 'yes',
        }
        const { username, name, phone, phoneVerified, passwordTemporary } = values
        const former = await knownPerson(parts, open.progress.personId)
        const saved = await savePerson(
          parts,
          {
            username,
            name,
            password: typed(fields, 'password'),
            passwordTemporary,
            phone: { number: phone, verified: phoneVerified },
          },
          sameUsername(former, username) ? former : null,
        )
        if ('problems' in saved) {
          return showProblems(await page(open, { values, problems: saved.problems }), open)
        }
        // A rehearsal of somebody else, or with what has just been corrected, would mislead; so would what is said of a file.
        const { rehearsal: _, imported: __, ...detail } = open.detail
        await store.setTicketDetail(open.ticketHash, renderDetail(detail))
        await writeSetUp(store, { ...atLeast(open.progress, 'rehearsal'), personId: saved.userId })
        return goTo(open, 'rehearsal')
      },

      async import(open, { fields, file }) {
        const csv = fields.get('csv') ?? ''
        const hasFile = file !== null && file.length > 0
        const bytes = hasFile ? file : Buffer.from(csv)
        const used = hasFile || csv.trim() === '' ? 'file' : 'csv'
        const temporaryPasswords = fields.get('passwords_temporary') === 'yes'
        const again = async (shown: Shown) =>
          showProblems(await page(open, { csv, passwordsTemporary: temporaryPasswords, ...shown }), open)
        if (bytes.length === 0 || (file === null && csv.trim() === '')) {
          return await again({ problems: { file: { problem: 'file_empty' } } })
        }
        // The same file for which the tick has changed is another import.
        const importedFile = `${Buffer.from(sha256(bytes)).toString('base64url')}${temporaryPasswords ? ' temporary' : ''}`
        if (open.detail.importedFile === importedFile) return goTo(open, 'rehearsal')
        let report: ImportReport
        try {
          // Whom 制作云 may not accept is told first: afterwards each would have to be mended alone.
          const { status, withoutPhone, unverifiedPhone } = await importUsers(parts, bytesSource(bytes), {
            dryRun: true,
          })
          const isLacking = status === 'checked' && withoutPhone.count + unverifiedPhone.count > 0
          if (isLacking && fields.get('anyway') !== 'yes') {
            return await again({ gaps: { withoutPhone, unverifiedPhone, wasFile: used === 'file' } })
          }
          report = await importUsers(parts, bytesSource(bytes), { temporaryPasswords })
        } catch (error) {
          if (!(error instanceof AdministrationError)) throw error
          return await again({ problems: { [used]: { problem: 'text', text: fileSentence(error) } } })
        }
        if (report.status !== 'imported') {
          if (report.problems.length === 0) return await again({ problems: { [used]: { problem: 'file_empty' } } })
          return await again(badRows(report))
        }
        const imported = { people: report.imported, withoutPassword: report.withoutPassword }
        // What a rehearsal before has said may be about somebody that the file has changed.
        const { rehearsal: _, ...detail } = open.detail
        await store.setTicketDetail(open.ticketHash, renderDetail({ ...detail, importedFile, imported }))
        await writeSetUp(store, atLeast(open.progress, 'rehearsal'))
        return goTo(open, 'rehearsal')
      },

      async skip(open) {
        if ((await store.countUsers()) === 0) return 'person'
        await writeSetUp(store, atLeast(open.progress, 'rehearsal'))
        return goTo(open, 'rehearsal')
      },
    },
  }
}

/** As many as one page lists: of more it is not worth the reading. */
const MOST_LOOKED_AT = 50

async function withoutPhone(store: SetUpParts['store'], people: number): Promise<number | null> {
  if (people > MOST_LOOKED_AT) return null
  const users = await store.listUsers('', MOST_LOOKED_AT)
  return users.filter(({ enabled, phone }) => enabled && phone === null).length
}

const NOBODY = { username: '', name: '', phone: '', phoneVerified: false, passwordTemporary: false }

/** One line of the report a line of the file, whatever is wrong with it. */
function badRows({ problems, badRows: badRowCount }: ImportReport): Shown {
  const byLine = Map.groupBy(problems, ({ line }) => line)
  const rows = [...byLine]
    .slice(0, MOST_BAD_ROWS)
    .map(([line, each]) => ({ line, reason: joined(each.map(problemSentence)) }))
  return { badRows: rows, badRowCount: Math.max(badRowCount, rows.length) }
}
