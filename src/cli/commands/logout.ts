// lingpai logout: what clients were told of sign-outs, and what could not be told yet.

import { Command, Option } from 'commander'
import { type LogoutLedger, listLogouts, resendLogouts } from '../../administration/logout.ts'
import type { LogoutState } from '../../model/logout-delivery.ts'
import { action, type Flags, installationCommand, text, tip } from '../command.ts'
import { openInstallation } from '../installation.ts'
import { CommandFailed, EXIT, instant, table } from '../output.ts'

const STATES: readonly LogoutState[] = ['waiting', 'delivered', 'abandoned']

export function logoutCommand(exit: (code: number) => void): Command {
  const list = narrowed(installationCommand('list', 'how each client is told of sign-outs, and what is open'))
    .addOption(new Option('--state <state>', 'only these').choices(STATES))
    .option('--most <number>', 'how many deliveries are listed', '50')
  const resend = narrowed(
    installationCommand('resend', 'try anew what has not arrived, abandoned ones included'),
  ).option('--all', 'for every client and person')
  return new Command('logout')
    .description('telling clients that sessions have ended')
    .addCommand(
      action(list, exit, async (output, flags) => {
        const most = Number(flags['most'])
        if (!Number.isInteger(most) || most < 1 || most > 10_000) {
          throw new CommandFailed(EXIT.usage, 'invalid_number', '--most must be a whole number from 1 to 10,000.')
        }
        const state = STATES.find((each) => each === flags['state'])
        const installation = await openInstallation(flags)
        try {
          const ledger = await listLogouts(installation, {
            ...filterOf(flags),
            most,
            ...(state !== undefined && { state }),
          })
          output.result(plain(ledger))
          output.say(told(ledger, flags))
          return EXIT.done
        } finally {
          await installation.close()
        }
      }),
    )
    .addCommand(
      action(resend, exit, async (output, flags) => {
        const filter = filterOf(flags)
        if (Object.keys(filter).length === 0 && flags['all'] !== true) {
          throw new CommandFailed(
            EXIT.usage,
            'nothing_named',
            'Say what is to be sent again.',
            'One client: --client ID. One person: --user NAME. Everything: --all',
          )
        }
        const installation = await openInstallation(flags)
        try {
          const count = await resendLogouts(installation, filter)
          output.result({ resent: count })
          output.say(
            count === 0
              ? 'Nothing is open: everything has arrived.'
              : `${count} will be tried anew. A running server begins within half a minute; see: ${tip('logout list', flags)}`,
          )
          return EXIT.done
        } finally {
          await installation.close()
        }
      }),
    )
}

function narrowed(command: Command): Command {
  return command
    .option('--client <client-id>', 'only this client')
    .option('--user <user>', 'only this person (user name or user id)')
}

function filterOf(flags: Flags) {
  const clientId = text(flags['client'])
  const user = text(flags['user'])
  return { ...(clientId !== undefined && { clientId }), ...(user !== undefined && { user }) }
}

function plain({ clients, deliveries }: LogoutLedger) {
  return {
    clients: clients.map(({ clientId, waiting, delivered, abandoned, nextAttemptAt }) => ({
      client_id: clientId,
      waiting,
      delivered,
      abandoned,
      next_attempt_at: instant(nextAttemptAt),
    })),
    deliveries: deliveries.map((each) => ({
      delivery_id: each.deliveryId,
      client_id: each.clientId,
      user_id: each.userId,
      username: each.username,
      about: each.sessionId === null ? 'all_sessions' : 'one_session',
      state: each.state,
      attempts: each.attempts,
      created_at: instant(each.createdAt),
      last_attempt_at: instant(each.lastAttemptAt),
      next_attempt_at: each.state === 'waiting' ? instant(each.dueAt) : null,
      last_reason: each.lastReason,
    })),
  }
}

function told({ clients, deliveries }: LogoutLedger, flags: Flags): string {
  if (clients.length === 0) {
    return 'No client had to be told of a sign-out in the last days. Those with a backchannel_logout_uri are.'
  }
  const summary = clients.map((each) => [
    each.clientId,
    String(each.waiting),
    String(each.delivered),
    String(each.abandoned),
    instant(each.nextAttemptAt) ?? '',
  ])
  const rows = deliveries.map((each) => [
    instant(each.createdAt),
    each.clientId,
    each.username ?? each.userId,
    each.state,
    String(each.attempts),
    each.state === 'waiting' ? (instant(each.dueAt) ?? '') : '',
    each.lastReason ?? '',
  ])
  const abandoned = clients.some((each) => each.abandoned > 0)
  return [
    table([['CLIENT', 'WAITING', 'DELIVERED', 'ABANDONED', 'NEXT ATTEMPT'], ...summary]),
    ...(rows.length === 0
      ? []
      : ['', table([['SINCE', 'CLIENT', 'PERSON', 'STATE', 'ATTEMPTS', 'NEXT ATTEMPT', 'LAST REASON'], ...rows])]),
    ...(abandoned ? ['', `To try the abandoned ones anew: ${tip('logout resend --all', flags)}`] : []),
  ].join('\n')
}
