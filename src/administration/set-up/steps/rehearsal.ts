// Step 5: the rehearsal of the client that was connected, with a person of the operator's choice.

import type { ClientRecord } from '../../../model/client/client.ts'
import { usernameKey } from '../../../model/names/username.ts'
import { type RehearsalView, setUpRehearsalPage } from '../../../pages/index.ts'
import { CannotRehearse } from '../../rehearsal/rehearse.ts'
import type { SetUpParts } from '../parts.ts'
import { typed } from '../person-fields.ts'
import { atLeast, renderDetail, writeSetUp } from '../progress.ts'
import { formTarget, goTo, type OpenSetUp, showPage, showProblems, stepFrame } from '../visit.ts'
import type { Step } from './step.ts'

/** A list that can still be read; with more people the user name is typed. */
const MOST_LISTED = 50

export function rehearsalStep(
  parts: SetUpParts,
  connectedClient: (open: OpenSetUp) => Promise<ClientRecord | null>,
): Step {
  const { store } = parts

  const page = async (
    open: OpenSetUp,
    { client }: ClientRecord,
    shown: Pick<RehearsalView, 'chosen' | 'problems' | 'result'>,
  ) => {
    const users = await store.listUsers('', MOST_LISTED + 1)
    const listed = users.map(({ userId, username, profile }) => ({
      value: userId,
      label: profile.displayName === undefined ? username : `${profile.displayName} (${username})`,
    }))
    const view: RehearsalView = {
      form: formTarget(parts, open, 'rehearsal'),
      clientName: client.client_name,
      users: users.length > MOST_LISTED ? [] : listed,
      imported: open.detail.imported ?? null,
      next: formTarget(parts, open, 'rehearsed'),
      ...shown,
    }
    return setUpRehearsalPage(view, stepFrame(parts, open, { page: 'set-up-rehearsal', view }))
  }

  return {
    name: 'rehearsal',
    async show(open) {
      const record = await connectedClient(open)
      if (record === null) return 'connect'
      const { detail, progress } = open
      const played = detail.rehearsal
      const tooMany = (await store.countUsers()) > MOST_LISTED
      const chosenId = played?.userId ?? progress.personId ?? (await firstToSignIn(store)) ?? ''
      const chosen = tooMany ? ((await store.findUser(chosenId))?.username ?? '') : chosenId
      return showPage(await page(open, record, { chosen, problems: {}, result: played?.result ?? null }), open)
    },
    forms: {
      async rehearsal(open, { fields }) {
        const client = await connectedClient(open)
        if (client === null) return 'connect'
        const chosen = typed(fields, 'user').trim()
        const again = async (problems: RehearsalView['problems']) =>
          showProblems(await page(open, client, { chosen, problems, result: null }), open)
        if (chosen === '') return await again({ user: { problem: 'required' } })
        const user = (await store.findUser(chosen)) ?? (await store.findUserByUsername(usernameKey(chosen)))
        if (user === null) return await again({ user: { problem: 'user_unknown' } })
        try {
          const result = await parts.rehearse({ client, user })
          const detail = { ...open.detail, rehearsal: { userId: user.userId, result } }
          await store.setTicketDetail(open.ticketHash, renderDetail(detail))
        } catch (error) {
          if (!(error instanceof CannotRehearse)) throw error
          return await again({ user: { problem: 'text', text: error.said } })
        }
        return goTo(open, 'rehearsal')
      },
      /** What was seen of the person is kept no longer than it is looked at. */
      async rehearsed(open) {
        const { rehearsal: _, imported: __, ...detail } = open.detail
        await store.setTicketDetail(open.ticketHash, renderDetail(detail))
        await writeSetUp(store, atLeast(open.progress, 'waiting'))
        return goTo(open, 'waiting')
      },
    },
  }
}

/**
 * Of many that were imported, one who can sign in and whom 制作云 takes for sure: without a password nobody can, and without a
 * verified phone number it may find no account.
 */
async function firstToSignIn(store: SetUpParts['store']): Promise<string | undefined> {
  const users = await store.listUsers('', MOST_LISTED)
  const reachable = users.filter(({ phone }) => phone !== null)
  const inOrder = [
    ...reachable.filter((each) => each.phoneVerified),
    ...reachable.filter((each) => !each.phoneVerified),
  ]
  for (const { userId } of inOrder) {
    const user = await store.findUser(userId)
    if (user !== null && user.passwordHash !== null) return userId
  }
  return (inOrder[0] ?? users[0])?.userId
}
