// lingpai session: where a person is signed in, and signing them out everywhere.

import { Command } from 'commander'
import { endSessions, type ListedSession, listSessions } from '../../administration/sessions.ts'
import { browserName } from '../../pages/index.ts'
import { shellWord } from '../../platform/shell-word.ts'
import { installationAction, installationCommand, text, tip } from '../command.ts'
import { instant, table } from '../output.ts'

export function sessionCommand(exit: (code: number) => void): Command {
  const WHO = 'user name or user id'
  const list = installationCommand('list', 'where a person is signed in').requiredOption('--user <user>', WHO)
  const end = installationCommand('end', 'sign a person out everywhere: all sessions, and the tokens that need one')
    .requiredOption('--user <user>', WHO)
    .option('--with-offline', 'also what applications may use while the person is away (offline_access)')
  return new Command('session')
    .description('where people are signed in')
    .addCommand(
      installationAction(list, exit, async (installation, output, flags) => {
        const { sessionIdle } = installation.options.lifetimes
        const { user, sessions } = await listSessions(installation, text(flags['user']) ?? '', sessionIdle)
        output.result({ user_id: user.userId, username: user.username, sessions: sessions.map(plain) })
        output.say(
          sessions.length === 0
            ? `${user.username} is signed in nowhere.`
            : table([['BROWSER', 'SIGNED IN', 'LAST USED', 'ENDS', 'BY', 'CLIENTS'], ...sessions.map(row)]),
        )
      }),
    )
    .addCommand(
      installationAction(end, exit, async (installation, output, flags) => {
        const offline = flags['withOffline'] === true
        const ended = await endSessions(installation, text(flags['user']) ?? '', { offline })
        const { user, sessions, grants, isWritten } = ended
        output.result({
          user_id: user.userId,
          sessions_ended: sessions,
          grants_revoked: grants,
          event_written: isWritten,
        })
        output.say(said(ended))
        if (isWritten)
          output.say(`Which applications were told: ${tip(`logout list --user ${shellWord(user.username)}`, flags)}`)
        if (!offline) {
          output.say('What applications may use while the person is away goes on; to end that too, add --with-offline.')
        }
      }),
    )
}

function said({ user: { username }, sessions, grants, isWritten }: Awaited<ReturnType<typeof endSessions>>): string {
  if (!isWritten) return `Nothing was ended: ${username} was signed in nowhere. No event is written.`
  if (sessions + grants > 0) {
    return `${username} is signed out everywhere. Sessions ended: ${sessions}; grants ended: ${grants}.`
  }
  return `${username} was signed in nowhere here any more. Applications whose own sessions may go on are told.`
}

function plain({ authenticatedAt, lastUsedAt, expiresAt, amr, browser, clients }: ListedSession) {
  return {
    browser: browser?.browser ?? null,
    system: browser?.system ?? null,
    authenticated_at: instant(authenticatedAt),
    last_used_at: instant(lastUsedAt),
    expires_at: instant(expiresAt),
    amr,
    clients,
  }
}

function row({ authenticatedAt, lastUsedAt, expiresAt, amr, browser, clients }: ListedSession): readonly string[] {
  return [
    browserName(browser, 'en') ?? 'unknown',
    instant(authenticatedAt),
    instant(lastUsedAt),
    instant(expiresAt),
    amr.join(' '),
    clients.join(' '),
  ]
}
