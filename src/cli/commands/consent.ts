// lingpai consent: what a person has agreed to, and withdrawing it.

import { Command } from 'commander'
import { type ListedConsent, listConsents, withdrawConsent } from '../../administration/consents.ts'
import { shellWord } from '../../platform/shell-word.ts'
import { installationAction, installationCommand, text, tip } from '../command.ts'
import { instant, table } from '../output.ts'

export function consentCommand(exit: (code: number) => void): Command {
  const WHO = 'user name or user id'
  const list = installationCommand('list', 'what a person has agreed to').requiredOption('--user <user>', WHO)
  const withdraw = installationCommand('withdraw', 'end what a client was given, and ask the person again')
    .requiredOption('--user <user>', WHO)
    .requiredOption('--client <client-id>', 'whose consent it is')
  return new Command('consent')
    .description('what people have agreed to')
    .addCommand(
      installationAction(list, exit, async (installation, output, flags) => {
        const { user, consents } = await listConsents(installation.store, text(flags['user']) ?? '')
        output.result({ user_id: user.userId, username: user.username, consents: consents.map(plain) })
        output.say(
          consents.length === 0
            ? `${user.username} has agreed to nothing that is remembered.`
            : table([['CLIENT', 'SCOPE', 'KINDS OF DATA', 'GIVEN'], ...consents.map(row)]),
        )
      }),
    )
    .addCommand(
      installationAction(withdraw, exit, async (installation, output, flags) => {
        const clientId = text(flags['client']) ?? ''
        const { user } = await withdrawConsent(installation, text(flags['user']) ?? '', clientId)
        output.result({ user_id: user.userId, client_id: clientId, withdrawn: true })
        output.say(`What ${clientId} was given by ${user.username} has ended; the next sign-in asks again.`)
        output.say(
          `The person may sign in there all the same. To prevent that for everybody: ${tip(`client update ${shellWord(clientId)} --disable`, flags)}`,
        )
      }),
    )
}

function plain({ clientId, scope, kinds, givenAt }: ListedConsent) {
  return { client_id: clientId, scope, kinds: kinds.split(' ').filter(Boolean), given_at: instant(givenAt) }
}

function row({ clientId, scope, kinds, givenAt }: ListedConsent): readonly string[] {
  return [clientId, scope, kinds, instant(givenAt)]
}
