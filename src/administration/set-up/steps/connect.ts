// Step 3: a name becomes a client of 制作云, and the six values are shown until the operator says that they are pasted.

import { digestClientSecret } from '../../../credentials/client-secret.ts'
import { sameBytes } from '../../../credentials/digest.ts'
import type { ClientRecord } from '../../../model/client/client.ts'
import { type ConnectView, connectedPage, connectPage, type NotYetView } from '../../../pages/index.ts'
import { newSecret } from '../../../platform/random.ts'
import { shellWord } from '../../../platform/shell-word.ts'
import { frameOf, operatorLook } from '../../../visitor/frame.ts'
import { sameCallback, sameNamed, sameNameSaid } from '../../client-twins.ts'
import { addClient } from '../../clients.ts'
import { connectionValues, isOutOfReach } from '../../connection-values.ts'
import { AdministrationError } from '../../errors.ts'
import { ZHIZUOYUN_CALLBACK } from '../../rehearsal/script.ts'
import { deriveSecret } from '../client-secret.ts'
import { nameProblem } from '../name-field.ts'
import type { SetUpParts } from '../parts.ts'
import { typed } from '../person-fields.ts'
import { atLeast, hasFailed, renderDetail, writeSetUp } from '../progress.ts'
import { formTarget, goTo, type OpenSetUp, showPage, showProblems, stepFrame, stepPath } from '../visit.ts'
import type { Step } from './step.ts'

/** As the setting `client_name` has it. */
const LONGEST_NAME = 100

/** A list that can still be read. */
const MOST_TWINS = 5

export function connectStep(parts: SetUpParts, chosenIssuer: (open: OpenSetUp) => string): Step {
  const { store, master, addresses } = parts
  const twins = async () => sameCallback(await store.listClients(), [ZHIZUOYUN_CALLBACK])

  const page = async (open: OpenSetUp, view: Pick<ConnectView, 'name' | 'problems'>) => {
    const there = await twins()
    const whole: ConnectView = {
      form: formTarget(parts, open, 'connect'),
      twins: there.slice(0, MOST_TWINS).map(({ client: { client_id, client_name } }) => ({
        name: client_name,
        clientId: client_id,
        use: { ...formTarget(parts, open, 'use'), hidden: { client: client_id } },
      })),
      twinCount: there.length,
      ...view,
    }
    return connectPage(whole, stepFrame(parts, open, { page: 'connect', view: whole }))
  }

  /** Null once it cannot be made again, or has been replaced by another. */
  const secretOf = (open: OpenSetUp, { secretHash }: ClientRecord): string | null => {
    const { secretSalt } = open.detail
    if (secretSalt === undefined || secretHash === null) return null
    const secret = deriveSecret(master, open.visitor.visit, secretSalt)
    return sameBytes(digestClientSecret(master, secret), secretHash) ? secret : null
  }

  const notYet = ({ client }: ClientRecord, open: OpenSetUp, issuer: string): NotYetView | null => {
    const failed = hasFailed(open, issuer) ? 'check_failed' : null
    const fault = isOutOfReach(client, issuer) ? 'out_of_reach' : failed
    const running = issuer === addresses.issuer ? null : addresses.issuer
    const addressHref = stepPath(open.path, 'address')
    return fault === null && running === null ? null : { issuer, fault, running, addressHref }
  }

  return {
    name: 'connect',
    async show(open) {
      const record = await connectedClient(parts, open)
      if (record === null) {
        return showPage(await page(open, { name: '制作云', problems: {} }), open)
      }
      const issuer = chosenIssuer(open)
      const { Callback, ...values } = connectionValues(
        record.client,
        secretOf(open, record),
        issuer,
        prefixOf(addresses),
      )
      // Beside the secret, as when it is made on the command line: who has used a client that was there need not be told.
      const named = open.detail.secretSalt === undefined ? [] : sameNamed(await store.listClients(), record.client)
      const view = {
        form: formTarget(parts, open, 'connected'),
        clientName: record.client.client_name,
        values,
        callback: Callback ?? '',
        rotateSecret: `client rotate-secret ${shellWord(record.client.client_id)}`,
        sameName: named.length === 0 ? null : sameNameSaid(record.client, named),
        notYet: notYet(record, open, issuer),
      }
      return showPage(connectedPage(view, frameOf(operatorLook(parts), open.http)), open)
    },
    forms: {
      async connect(open, { fields }) {
        // Sent twice: the first has made it already.
        if ((await connectedClient(parts, open)) !== null) return goTo(open, 'connect')
        const name = typed(fields, 'name')
        const problem = name.trim() === '' ? REQUIRED : nameProblem(name, LONGEST_NAME)
        if (problem !== null) return showProblems(await page(open, { name, problems: { name: problem } }), open)
        const secretSalt = newSecret()
        await store.setTicketDetail(open.ticketHash, renderDetail({ ...open.detail, secretSalt }))
        const clientSecret = deriveSecret(master, open.visitor.visit, secretSalt)
        try {
          const { record } = await addClient(parts, { preset: 'zhizuoyun', name: name.trim(), clientSecret })
          await writeSetUp(store, { ...atLeast(open.progress, 'connect'), clientId: record.client.client_id })
        } catch (error) {
          if (!(error instanceof AdministrationError)) throw error
          const text = { problem: 'text', text: error.message } as const
          return showProblems(await page(open, { name, problems: { name: text } }), open)
        }
        return goTo(open, 'connect')
      },
      /** One that is there already takes the place of a new one; its secret was shown when it was made. */
      async use(open, { fields }) {
        if ((await connectedClient(parts, open)) !== null) return goTo(open, 'connect')
        const wanted = (await twins()).find(({ client }) => client.client_id === fields.get('client'))
        if (wanted === undefined) return goTo(open, 'connect')
        const { secretSalt: _, ...detail } = open.detail
        await store.setTicketDetail(open.ticketHash, renderDetail(detail))
        await writeSetUp(store, { ...atLeast(open.progress, 'connect'), clientId: wanted.client.client_id })
        return goTo(open, 'connect')
      },
      /** From here on nobody can read the secret any more. */
      async connected(open) {
        if ((await connectedClient(parts, open)) === null) return 'connect'
        const { secretSalt: _, ...detail } = open.detail
        await store.setTicketDetail(open.ticketHash, renderDetail(detail))
        await writeSetUp(store, atLeast(open.progress, 'person'))
        return goTo(open, 'person')
      },
    },
  }
}

/** Null: not connected yet, or the client has been removed meanwhile. */
export async function connectedClient(
  { store }: Pick<SetUpParts, 'store'>,
  { progress }: Pick<OpenSetUp, 'progress'>,
): Promise<ClientRecord | null> {
  return progress.clientId === null ? null : await store.findClient(progress.clientId)
}

const REQUIRED = { problem: 'required' } as const

function prefixOf(addresses: SetUpParts['addresses']): string {
  const { pathname } = new URL(addresses.issuer)
  const base = pathname === '/' ? '' : pathname
  return addresses.path.token.slice(base.length, -'/token'.length)
}
