// The last page: what the real client has asked for so far, or the rule that refused it. Finishing closes the set-up.

import type { ClientRecord } from '../../../model/client/client.ts'
import type { Seconds } from '../../../model/time.ts'
import { type ContractEndpoint, type LastRequestView, waitingPage } from '../../../pages/index.ts'
import { frameOf, operatorLook } from '../../../visitor/frame.ts'
import { isOutOfReach } from '../../connection-values.ts'
import { hintOf } from '../../trace/hints.ts'
import { isAnsweredTrace, latestByEndpoint } from '../../trace/read-trace.ts'
import type { Trace } from '../../trace/trace-record.ts'
import type { SetUpParts } from '../parts.ts'
import { finishSetUp, renderDetail } from '../progress.ts'
import { formTarget, goTo, type OpenSetUp, showPage, stepPath } from '../visit.ts'
import type { Step } from './step.ts'

const ENDPOINTS: readonly ContractEndpoint[] = ['authorize', 'token', 'userinfo']

export function waitingStep(
  parts: SetUpParts,
  connectedClient: (open: OpenSetUp) => Promise<ClientRecord | null>,
  chosenIssuer: (open: OpenSetUp) => string,
): Step {
  const { store, clock } = parts
  return {
    name: 'waiting',
    async show(open) {
      const record = await connectedClient(open)
      if (record === null) return 'connect'
      const { client } = record
      const latest = await latestByEndpoint(store, client.client_id)
      const { userinfo } = latest
      const issuer = chosenIssuer(open)
      const outOfReach = isOutOfReach(client, issuer) ? issuer : null
      const view = {
        clientName: client.client_name,
        requests: ENDPOINTS.map((endpoint) => lastRequest(endpoint, latest[endpoint], clock.now())),
        // Where it cannot be reached somebody else has asked, with its id and secret.
        done: outOfReach === null && userinfo !== null && isAnsweredTrace(userinfo),
        outOfReach,
        refreshHref: stepPath(open.path, 'waiting'),
        finish: open.detail.finished === true ? null : formTarget(parts, open, 'finish'),
      }
      return showPage(waitingPage(view, frameOf(operatorLook(parts), open.http)), open)
    },
    forms: {
      async finish(open) {
        if ((await connectedClient(open)) === null) return 'connect'
        const { progress } = open
        await store.setTicketDetail(open.ticketHash, renderDetail({ finished: true }))
        if (progress.finishedAt === null) {
          const at = clock.now()
          await finishSetUp(store, progress, at)
          const who = progress.administratorId === null ? {} : { userId: progress.administratorId }
          await store.appendEvents([{ type: 'set_up_finished', at, ...who }])
          await parts.frontPage?.look()
        }
        return goTo(open, 'waiting')
      },
    },
  }
}

function lastRequest(endpoint: ContractEndpoint, trace: Trace | null, now: Seconds): LastRequestView {
  if (trace === null) return { endpoint, state: 'waiting' }
  const { lastTime, rule, clause, reason, traceId } = trace
  const secondsAgo = Math.max(0, now - lastTime)
  if (isAnsweredTrace(trace)) return { endpoint, state: 'ok', secondsAgo, traceId }
  return { endpoint, state: 'refused', secondsAgo, rule, clause, reason: hintOf(rule) ?? reason, traceId }
}
