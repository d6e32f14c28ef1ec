// lingpai session: where a person is signed in, and signing them out, of one browser or everywhere.

import { Command } from 'commander'
import { endSession, endSessions, type ListedSession, listSessions } from '../../administration/sessions.ts'
import { browserName } from '../../pages/index.ts'
import { shellWord } from '../../platform/shell-word.ts'
import { type Flags, installationAction, installationCommand, text, tip, type Work } from '../command.ts'
import { CommandFailed, EXIT, instant, table } from '../output.ts'

export function sessionCommand(exit: (code: number) => void): Command {
  const WHO = 'user name or user id'
  const list = installationCommand('list', 'where a person is signed in').requiredOption('--user <user>', WHO)
  const end = installationCommand('end', 'sign a person out: of all sessions or of one, and the tokens that need them')
    .option('--user <user>', `everywhere: ${WHO}`)
    .option('--session <session-id>', 'only there: as "session list" shows it')
    .option('--with-offline', 'with --user: also what applications may use while the person is away (offline_access)')
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
            : table([['SESSION', 'BROWSER', 'SIGNED IN', 'LAST USED', 'ENDS', 'BY', 'CLIENTS'], ...sessions.map(row)]),
        )
      }),
    )
    .addCommand(
      installationAction(end, exit, async (installation, output, flags, args) => {
        await (text(flags['session']) === undefined ? endAll : endOne)(installation, output, flags, args)
      }),
    )
}

const endAll: Work = async (installation, output, flags) => {
  const who = text(flags['user'])
  if (who === undefined) {
    const hint = 'Everywhere: --user NAME. One session: --session ID, as "session list --user NAME" shows it.'
    throw new CommandFailed(EXIT.usage, 'wrong_usage', 'Say who is to be signed out, or of which session.', hint)
  }
  const offline = flags['withOffline'] === true
  const ended = await endSessions(installation, who, { offline })
  const { user, sessions, grants, isWritten } = ended
  output.result({
    user_id: user.userId,
    sessions_ended: sessions,
    grants_revoked: grants,
    event_written: isWritten,
  })
  output.say(said(ended))
  if (isWritten) output.say(whoWasTold(user.username, flags))
  if (!offline) {
    output.say('What applications may use while the person is away goes on; to end that too, add --with-offline.')
  }
}

const endOne: Work = async (installation, output, flags) => {
  if (flags['withOffline'] === true) {
    const hint = 'End everything of the person: --user NAME --with-offline, without --session.'
    const problem = '--with-offline cannot be had with --session: what it ends belongs to no single session.'
    throw new CommandFailed(EXIT.usage, 'contradiction', problem, hint)
  }
  const { user, session } = await endSession(installation, text(flags['session']) ?? '', text(flags['user']))
  output.result({ user_id: user.userId, username: user.username, ...plain(session), event_written: true })
  const browser = browserName(session.browser, 'en') ?? 'unknown browser'
  output.say(
    `The session ${session.sessionId} of ${user.username} has ended: ${browser}, signed in ${instant(session.authenticatedAt)}.`,
  )
  output.say(
    session.clients.length === 0
      ? 'No application had been given anything in it that still held.'
      : `Applications that had been given something in it: ${session.clients.join(', ')}. ${whoWasTold(user.username, flags)}`,
  )
  const everything = tip(`session end --user ${shellWord(user.username)} --with-offline`, flags)
  output.say(`What applications may use while the person is away goes on; to end that too, everywhere: ${everything}`)
}

function whoWasTold(username: string, flags: Flags): string {
  return `Which applications were told: ${tip(`logout list --user ${shellWord(username)}`, flags)}`
}

function said({ user: { username }, sessions, grants, isWritten }: Awaited<ReturnType<typeof endSessions>>): string {
  if (!isWritten) return `Nothing was ended: ${username} was signed in nowhere. No event is written.`
  if (sessions + grants > 0) {
    return `${username} is signed out everywhere. Sessions ended: ${sessions}; grants ended: ${grants}.`
  }
  return `${username} was signed in nowhere here any more. Applications whose own sessions may go on are told.`
}

function plain({ sessionId, authenticatedAt, lastUsedAt, expiresAt, amr, browser, clients }: ListedSession) {
  return {
    session_id: sessionId,
    browser: browser?.browser ?? null,
    system: browser?.system ?? null,
    authenticated_at: instant(authenticatedAt),
    last_used_at: instant(lastUsedAt),
    expires_at: instant(expiresAt),
    amr,
    clients,
  }
}

function row({
  sessionId,
  authenticatedAt,
  lastUsedAt,
  expiresAt,
  amr,
  browser,
  clients,
}: ListedSession): readonly string[] {
  return [
    sessionId,
    browserName(browser, 'en') ?? 'unknown',
    instant(authenticatedAt),
    instant(lastUsedAt),
    instant(expiresAt),
    amr.join(' '),
    clients.join(' '),
  ]
}
