// lingpai session: where a person is signed in, and signing them out everywhere.

import { Command } from 'commander'
import { endSessions, type ListedSession, listSessions } from '../../administration/sessions.ts'
import { action, installationCommand, text, tip } from '../command.ts'
import { openInstallation } from '../installation.ts'
import { EXIT, table } from '../output.ts'

export function sessionCommand(exit: (code: number) => void): Command {
  const WHO = 'user name or user id'
  const list = installationCommand('list', 'where a person is signed in').requiredOption('--user <user>', WHO)
  const end = installationCommand('end', 'sign a person out everywhere: all sessions, and the tokens that need one')
    .requiredOption('--user <user>', WHO)
    .option('--with-offline', 'also what applications may use while the person is away (offline_access)')
  return new Command('session')
    .description('where people are signed in')
    .addCommand(
      action(list, exit, async (output, flags) => {
        const installation = await openInstallation(flags)
        try {
          const { sessionIdle } = installation.options.lifetimes
          const { user, sessions } = await listSessions(installation, text(flags['user']) ?? '', sessionIdle)
          output.result({ user_id: user.userId, username: user.username, sessions: sessions.map(plain) })
          output.say(
            sessions.length === 0
              ? `${user.username} is signed in nowhere.`
              : table([['SIGNED IN', 'LAST USED', 'ENDS', 'BY', 'CLIENTS'], ...sessions.map(row)]),
          )
          return EXIT.done
        } finally {
          await installation.close()
        }
      }),
    )
    .addCommand(
      action(end, exit, async (output, flags) => {
        const installation = await openInstallation(flags)
        try {
          const offline = flags['withOffline'] === true
          const { user, sessions, grants } = await endSessions(installation, text(flags['user']) ?? '', { offline })
          output.result({ user_id: user.userId, sessions_ended: sessions, grants_revoked: grants })
          output.say(`${user.username} is signed out everywhere: ${sessions} sessions and ${grants} grants have ended.`)
          output.say(`Which applications were told: ${tip(`logout list --user ${user.username}`, flags)}`)
          if (!offline) {
            output.say('What they may use while the person is away goes on; to end that too, add --with-offline.')
          }
          return EXIT.done
        } finally {
          await installation.close()
        }
      }),
    )
}

const instant = (at: number) => new Date(at * 1000).toISOString()

function plain({ authenticatedAt, lastUsedAt, expiresAt, amr, clients }: ListedSession) {
  return {
    authenticated_at: instant(authenticatedAt),
    last_used_at: instant(lastUsedAt),
    expires_at: instant(expiresAt),
    amr,
    clients,
  }
}

function row({ authenticatedAt, lastUsedAt, expiresAt, amr, clients }: ListedSession): readonly string[] {
  return [instant(authenticatedAt), instant(lastUsedAt), instant(expiresAt), amr.join(' '), clients.join(' ')]
}
