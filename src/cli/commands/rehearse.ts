// lingpai rehearse: plays a client from authorize to user info, before anybody else tries.

import { type Command, Option } from 'commander'
import { getClient } from '../../administration/clients.ts'
import {
  CannotRehearse,
  findChosenUser,
  newRehearsalLink,
  type RehearsalReport,
  rehearse,
} from '../../administration/rehearsal/index.ts'
import { rehearsalComposer } from '../../composition/rehearsal-server.ts'
import { createSubjects } from '../../credentials/subject.ts'
import type { Locale, Localized } from '../../pages/index.ts'
import { DEFAULT_BRAND } from '../../pages/index.ts'
import { action, installationCommand, text, tip, withTips } from '../command.ts'
import { type Installation, openInstallation, waitingForRestart } from '../installation.ts'
import { languageOf, warned } from '../language.ts'
import { CommandFailed, EXIT, type Output, table } from '../output.ts'
import { readSecret } from '../secret-input.ts'

export function rehearseCommand(exit: (code: number) => void): Command {
  const command: Command = installationCommand('rehearse', 'play a client from authorize to user info; changes nothing')
    .argument('<client-id>')
    .option(
      '--user <user>',
      'user name or user id of the person to play; without it only a link to the page is printed',
    )
    .option('--client-secret-stdin', 'also check the secret as it was pasted into the client, from standard input')
    .addOption(new Option('--language <language>', 'of the report [that of the terminal]').choices(['en', 'zh-CN']))
  return action(command, exit, async (output, flags, [clientId = '']) => {
    const installation = await openInstallation(flags)
    const language = languageOf(flags, output)
    try {
      const { store, clock, addresses } = installation
      const client = await getClient(store, clientId)
      const link = await newRehearsalLink(store, clock, addresses, clientId)
      const waiting = await waitingForRestart(installation)
      if (waiting !== null) output.note(warned(waiting, language))
      const who = text(flags['user'])
      if (who === undefined) {
        output.result({ link })
        output.say(`${said(ENDS.choose, language)}\n\n  ${link}\n`)
        return EXIT.done
      }
      const user = await findChosenUser(store, who)
      if (user === null) {
        throw new CommandFailed(
          EXIT.notFound,
          'user_not_found',
          `There is no user ${JSON.stringify(who)}.`,
          `See: ${tip('user list', flags)}`,
        )
      }
      const secret = flags['clientSecretStdin'] === true ? await readSecret('client secret') : undefined
      const parts = { ...installation, composeRehearsal: rehearsalComposer(partsOf(installation)) }
      const report = await rehearse(parts, { client, user, ...(secret !== undefined && { clientSecret: secret }) })
      output.result({ ...report, link })
      print(output, report, (words) => withTips(said(words, language), flags))
      output.say(`\n${said(ENDS.again, language)}\n  ${link}`)
      return report.passed ? EXIT.done : EXIT.failed
    } catch (error) {
      if (!(error instanceof CannotRehearse)) throw error
      throw new CommandFailed(EXIT.failed, 'cannot_rehearse', withTips(said(error.said, language), flags))
    } finally {
      await installation.close()
    }
  })
}

function partsOf({
  addresses,
  master,
  hasher,
  clock,
  log,
  options,
}: Installation): Parameters<typeof rehearsalComposer>[0] {
  const { defaultLocale, keys, lifetimes, limits } = options
  const subjects = createSubjects(master)
  return { addresses, subjects, hasher, clock, log, brand: () => DEFAULT_BRAND, defaultLocale, keys, lifetimes, limits }
}

const ENDS = {
  choose: {
    en: 'Open this page to choose a person and rehearse; it works once, within ten minutes:',
    'zh-CN': '请打开此页面，选择用户并演练；链接十分钟内有效，只能使用一次：',
  },
  passed: { en: 'Everything that the client needs is there.', 'zh-CN': '该客户端所需的一切均已具备。' },
  warned: {
    en: 'Every step works, but the client may not accept this person:',
    'zh-CN': '每一步都走通了，但应用可能不接受该用户：',
  },
  failed: {
    en: 'Not everything is right yet. Above it is said of each of these what to do:',
    'zh-CN': '还有不符合之处，处理办法见上文对应的各行：',
  },
  again: {
    en: 'The same in a browser, for any person (the link works once, within ten minutes):',
    'zh-CN': '在浏览器中为任意用户做同样的演练（链接十分钟内有效，只能使用一次）：',
  },
} as const satisfies Readonly<Record<string, Localized>>

const MARK = { ok: '✓', bad: '✗', note: '·', warn: '!' } as const

function print(output: Output, report: RehearsalReport, told: (words: Localized) => string): void {
  for (const { endpoint, request, reply, lines } of report.exchanges) {
    output.say(`── ${endpoint} ${'─'.repeat(Math.max(4, 60 - endpoint.length))}`)
    output.say(indented(request, '→ '))
    output.say(indented(reply, '← '))
    for (const { state, text, explanation, clause } of lines) {
      output.say(`  ${MARK[state]} ${told(text)} (${clause})`)
      if (explanation !== undefined) output.say(`      ${told(explanation)}`)
    }
    output.say('')
  }
  if (report.known.length > 0) {
    const { clientName, userName } = report
    output.say(
      told({
        en: `${clientName} would know about ${userName}:`,
        'zh-CN': `“${clientName}”将获知“${userName}”的以下信息：`,
      }),
    )
    output.say(table(report.known.map(({ claim, value }) => [`  ${claim}`, value])))
  }
  const { warnings = [] } = report
  const verdict = report.passed ? (warnings.length > 0 ? ENDS.warned : ENDS.passed) : ENDS.failed
  output.say(`\n${told(verdict)}`)
  const failed = report.exchanges.flatMap(({ lines }) => lines.filter(({ state }) => state === 'bad'))
  for (const { text } of failed) output.say(`  ${MARK.bad} ${told(text)}`)
  for (const warning of warnings) output.say(`  ${MARK.warn} ${told(warning)}`)
}

function said(words: Localized, language: Locale): string {
  return typeof words === 'string' ? words : words[language]
}

function indented(wire: string, mark: string): string {
  return wire
    .split('\n')
    .map((line, at) => `  ${at === 0 ? mark : '  '}${line}`)
    .join('\n')
}
