// lingpai user: the company's own people, one at a time.

import { Command } from 'commander'
import { getClient } from '../../administration/clients.ts'
import {
  addUser,
  getUser,
  listUsers,
  removeUser,
  setPassword,
  setUserEnabled,
  type UserChange,
  updateUser,
} from '../../administration/users.ts'
import { createSubjects } from '../../credentials/subject.ts'
import type { User } from '../../model/user.ts'
import { shellWord } from '../../platform/shell-word.ts'
import { type Flags, installationAction, installationCommand, text, tip, type Work } from '../command.ts'
import type { Installation } from '../installation.ts'
import type { InBoth } from '../language.ts'
import { CommandFailed, EXIT, instant, type Output, table } from '../output.ts'
import { readNewSecret } from '../secret-input.ts'
import { userExportCommand } from './user-export.ts'
import { userImportCommand } from './user-import.ts'

const WHO = 'user name or user id'
const TEMPORARY = 'whoever signs in with the password chooses one of their own first'

export function userCommand(exit: (code: number) => void): Command {
  const on = (command: Command, run: Work) => installationAction(command, exit, run, { adds: run === add })
  return new Command('user')
    .description('the people who sign in')
    .addCommand(
      on(
        fields(installationCommand('add', 'add a person'))
          .option('--username <name>', 'what the person types to sign in (needed)')
          .option('--user-id <id>', 'an id of your own, such as that of a former server; it is made otherwise')
          .option('--password-stdin', 'read the password from standard input; without one nobody can sign in yet')
          .option('--temporary', TEMPORARY),
        add,
      ),
    )
    .addCommand(
      on(
        installationCommand('list', 'people, in the order of their ids')
          .option('--after <id>', 'begin after this id')
          .option('--most <number>', 'how many', '100'),
        listAll,
      ),
    )
    .addCommand(
      on(
        installationCommand('show', 'one person')
          .argument('<user>', WHO)
          .option('--client <client-id>', 'also the subject by which this client knows the person'),
        show,
      ),
    )
    .addCommand(
      on(
        fields(installationCommand('update', 'change what is known about a person').argument('<user>', WHO)).option(
          '--username <name>',
          'a new user name',
        ),
        update,
      ),
    )
    .addCommand(
      on(
        installationCommand('set-password', 'set a password; ends all sessions and tokens of the person')
          .argument('<user>', WHO)
          .option('--password-stdin', 'read the password from standard input (the default)')
          .option('--temporary', TEMPORARY),
        password,
      ),
    )
    .addCommand(
      on(
        installationCommand('disable', 'refuse the person, and end all sessions and tokens for good').argument(
          '<user>',
          WHO,
        ),
        (installation, output, _, [who = '']) => enabledState(installation, output, who, false),
      ),
    )
    .addCommand(
      on(
        installationCommand('enable', 'let a disabled person sign in again').argument('<user>', WHO),
        (installation, output, _, [who = '']) => enabledState(installation, output, who, true),
      ),
    )
    .addCommand(
      on(
        installationCommand('remove', 'erase the personal data; the id is never used again').argument('<user>', WHO),
        remove,
      ),
    )
    .addCommand(userImportCommand(exit))
    .addCommand(userExportCommand(exit))
}

function fields(command: Command): Command {
  return command
    .option('--name <name>', 'the name shown to applications')
    .option('--given-name <name>')
    .option('--family-name <name>')
    .option('--nickname <name>')
    .option('--phone <number>', 'mainland numbers as they are dialled, others with +country code')
    .option('--phone-verified', 'the number has been proven to be this person’s')
    .option('--no-phone-verified', 'it has not')
    .option('--email <address>')
    .option('--email-verified', 'the address has been proven')
    .option('--no-email-verified', 'it has not')
}

/** Fields that were given, under the names of the operations. An empty text takes a value away. */
function fieldsOf(flags: Flags): UserChange {
  const names = ['username', 'name', 'givenName', 'familyName', 'nickname', 'phone', 'email'] as const
  const texts = names.flatMap((name) => {
    const value = text(flags[name])
    return value === undefined ? [] : [[name, value === '' ? null : value] as const]
  })
  const marks = (['phoneVerified', 'emailVerified'] as const).flatMap((name) =>
    typeof flags[name] === 'boolean' ? [[name, flags[name]] as const] : [],
  )
  return Object.fromEntries([...texts, ...marks])
}

const add: Work = async (installation, output, flags) => {
  const username = text(flags['username'])
  if (username === undefined) {
    throw new CommandFailed(
      EXIT.usage,
      'username_missing',
      'A person needs a user name.',
      'For example: --username alice',
    )
  }
  const userId = text(flags['userId'])
  const temporary = flags['temporary'] === true
  if (temporary && flags['passwordStdin'] !== true) {
    const message = '--temporary is about a password, and none was given.'
    throw new CommandFailed(EXIT.usage, 'password_missing', message, 'Give one: --password-stdin')
  }
  const typed = flags['passwordStdin'] === true ? await readNewSecret('password') : undefined
  const user = await addUser(installation, {
    ...fieldsOf(flags),
    username,
    ...(userId !== undefined && { userId }),
    ...(typed !== undefined && { password: typed, temporary }),
  })
  output.result(plain(user))
  const added: InBoth = {
    en: `${user.username} is added, with the user id ${user.userId}.`,
    'zh-CN': `已添加 ${user.username}，用户标识为 ${user.userId}。`,
  }
  output.say(added[output.language])
  sayUnverified(user, fieldsOf(flags), output, flags)
  if (typed !== undefined) return
  const setPassword = tip(`user set-password ${shellWord(user.username)}`, flags)
  const next: InBoth = {
    en: `Nobody can sign in as ${user.username} before: ${setPassword}`,
    'zh-CN': `设置密码之后才能登录：${setPassword}`,
  }
  output.say(next[output.language])
}

const listAll: Work = async ({ store }, output, flags) => {
  const most = Number(flags['most'])
  if (!Number.isInteger(most) || most < 1 || most > 10_000) {
    throw new CommandFailed(EXIT.usage, 'invalid_number', '--most must be a whole number from 1 to 10,000.')
  }
  const { users, next } = await listUsers(store, { after: text(flags['after']) ?? '', most })
  output.result({ users: users.map(plain), next })
  if (users.length === 0) {
    output.say(`There is nobody. Add somebody: ${tip('user add --username alice --password-stdin', flags)}`)
    return
  }
  const rows = users.map(({ userId, username, profile, phone, enabled }) => [
    username,
    profile.displayName ?? '',
    phone ?? '',
    enabled ? 'enabled' : 'disabled',
    userId,
  ])
  output.say(table([['USER NAME', 'NAME', 'PHONE', 'STATE', 'USER ID'], ...rows]))
  if (next !== null) output.say(`\nThere are more: --after ${shellWord(next)}`)
}

const show: Work = async ({ store, master }, output, flags, [who = '']) => {
  const user = await getUser(store, who)
  const clientId = text(flags['client'])
  const client = clientId === undefined ? null : (await getClient(store, clientId)).client
  // The subject is computed from the user. The other way is impossible: nothing leads from a pairwise subject back to the
  // person.
  const subject = client === null ? {} : { subject: createSubjects(master).of(user.userId, client) }
  const told = { ...plain(user), password: await passwordState(store, user), ...subject }
  output.result(told)
  const shown = Object.entries(told).filter(([, value]) => value !== null)
  output.say(table(shown.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])))
}

async function passwordState(store: Installation['store'], { userId }: User): Promise<'none' | 'temporary' | 'set'> {
  const found = await store.findUser(userId)
  if ((found?.passwordHash ?? null) === null) return 'none'
  return found?.passwordTemporary === true ? 'temporary' : 'set'
}

const update: Work = async (installation, output, flags, [who = '']) => {
  const change = fieldsOf(flags)
  if (Object.keys(change).length === 0) {
    throw new CommandFailed(EXIT.usage, 'nothing_to_change', 'Nothing to change was given.', 'For example: --name 张三')
  }
  const { version } = await getUser(installation.store, who)
  const user = await updateUser(installation, who, change)
  output.result(plain(user))
  say(
    output,
    user.version === version
      ? { en: `${user.username} was like that already.`, 'zh-CN': `${user.username} 本来就是这样，没有更改。` }
      : { en: `${user.username} is changed.`, 'zh-CN': `已更改 ${user.username}。` },
  )
  sayUnverified(user, change, output, flags)
}

/** A number that was changed counts as unverified until somebody says otherwise, and 制作云 may turn the person away. */
function sayUnverified(
  { username, phone, phoneVerified }: User,
  given: UserChange,
  output: Output,
  flags: Flags,
): void {
  if (phone === null || phoneVerified || given.phone === undefined || given.phoneVerified !== undefined) return
  const verify = tip(`user update ${shellWord(username)} --phone-verified`, flags)
  say(output, {
    en: `The number is not marked as verified, and applications such as 制作云 may not accept it. Once you know that it is theirs: ${verify}`,
    'zh-CN': `该手机号未标为已验证，制作云等应用可能不接受。确认号码属于本人后：${verify}`,
  })
}

const password: Work = async (installation, output, flags, [who = '']) => {
  const user = await getUser(installation.store, who)
  const temporary = flags['temporary'] === true
  await setPassword(installation, { userId: user.userId }, await readNewSecret('password'), { temporary })
  output.result({ user_id: user.userId, password: temporary ? 'temporary' : 'set' })
  const next: InBoth = {
    en: ` It is for signing in once: ${user.username} chooses another one then.`,
    'zh-CN': `该密码仅供登录一次，${user.username} 登录后须设置自己的密码。`,
  }
  say(output, {
    en: `The password of ${user.username} is set. All sessions and tokens from before have ended.${temporary ? next.en : ''}`,
    'zh-CN': `已设置 ${user.username} 的密码。此前的会话和令牌均已失效。${temporary ? next['zh-CN'] : ''}`,
  })
}

async function enabledState(installation: Installation, output: Output, who: string, enabled: boolean): Promise<void> {
  const user = await setUserEnabled(installation, who, enabled)
  output.result(plain(user))
  say(
    output,
    enabled
      ? { en: `${user.username} can sign in again.`, 'zh-CN': `${user.username} 可以重新登录了。` }
      : {
          en: `${user.username} is disabled; all sessions and tokens have ended.`,
          'zh-CN': `已停用 ${user.username}，其会话和令牌均已失效。`,
        },
  )
}

const remove: Work = async (installation, output, _, [who = '']) => {
  const user = await getUser(installation.store, who)
  await removeUser(installation, { userId: user.userId })
  output.result({ removed: user.userId })
  say(output, {
    en: `${user.username} is removed, and all personal data erased. The id ${user.userId} is never used again.`,
    'zh-CN': `已删除 ${user.username}，其个人信息均已清除。用户标识 ${user.userId} 不再使用。`,
  })
}

function say(output: Output, words: InBoth): void {
  output.say(words[output.language])
}

function plain(user: User): Readonly<Record<string, unknown>> {
  const { displayName, ...profile } = user.profile
  return {
    user_id: user.userId,
    username: user.username,
    name: displayName ?? null,
    phone: user.phone,
    phone_verified: user.phoneVerified,
    email: user.email,
    email_verified: user.emailVerified,
    enabled: user.enabled,
    ...profile,
    created_at: instant(user.createdAt),
    updated_at: instant(user.updatedAt),
  }
}
