// lingpai event: what has happened to clients, users, keys, sessions and grants, and since when.

import { Command } from 'commander'
import { getUser } from '../../administration/users.ts'
import type { StoredEvent } from '../../store/verbs/events.ts'
import { installationAction, installationCommand, mostOf, text } from '../command.ts'
import { instant, table } from '../output.ts'

export function eventCommand(exit: (code: number) => void): Command {
  const list = installationCommand('list', 'the newest security events')
    .option('--user <user>', 'only of this person: user name or user id')
    .option('--client <client-id>', 'only of this client, also of one that is gone')
    .option('--most <number>', 'how many', '50')
  return new Command('event').description('what has happened, kept for lifetimes.events').addCommand(
    installationAction(list, exit, async ({ store }, output, flags) => {
      const most = mostOf(flags)
      const who = text(flags['user'])
      const userId = who === undefined ? undefined : (await getUser(store, who)).userId
      const events = await store.listEvents(most, { clientId: text(flags['client']), userId })
      output.result(events.map(plain))
      output.say(
        events.length === 0
          ? 'Nothing of the kind has happened yet.'
          : table([['AT', 'EVENT', 'CLIENT', 'USER', 'DETAIL'], ...events.map(row)]),
      )
    }),
  )
}

function plain({ eventId, type, at, clientId, userId, detail }: StoredEvent) {
  return {
    event_id: eventId,
    at: instant(at),
    type,
    client_id: clientId ?? null,
    user_id: userId ?? null,
    detail: detail ?? {},
  }
}

function row({ type, at, clientId, userId, detail = {} }: StoredEvent): readonly string[] {
  const details = Object.entries(detail).map(([name, value]) => `${name}=${value}`)
  return [instant(at), type, clientId ?? '', userId ?? '', details.join(' ')]
}
