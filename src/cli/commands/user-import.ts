// lingpai user import: many people at once, from CSV or JSON Lines.

import { type Command, Option } from 'commander'
import { problemSentence } from '../../administration/set-up/row-words.ts'
import {
  COLUMNS_IN_SHORT,
  fileSource,
  type ImportProgress,
  type ImportReport,
  importUsers,
  STALE_AFTER,
} from '../../administration/user-import/index.ts'
import { BLANK_INSIDE } from '../../model/names/username.ts'
import { action, installationCommand, text } from '../command.ts'
import { openInstallation } from '../installation.ts'
import { interruptible } from '../interrupt.ts'
import type { InBoth } from '../language.ts'
import { EXIT, endWith, type Output } from '../output.ts'

const MOST_SHOWN = 50
const PHASES: Readonly<Record<ImportProgress['phase'], InBoth>> = {
  check: { en: 'Checking', 'zh-CN': '正在检查' },
  wait: { en: 'Waiting for another import', 'zh-CN': '正在等待另一个导入' },
  write: { en: 'Writing', 'zh-CN': '正在写入' },
  publish: { en: 'Publishing', 'zh-CN': '正在生效' },
}

export function userImportCommand(exit: (code: number) => void): Command {
  const command: Command = installationCommand('import', 'add many people from a CSV or JSON Lines file, all or none')
    .argument('<file>')
    .option('--dry-run', 'check everything and change nothing')
    .option('--temporary-passwords', 'whoever signs in with a password of the file chooses one of their own first')
    .option('--skip-bad', 'import the good rows and leave the bad ones out')
    .addOption(new Option('--format <format>', 'told from the first line otherwise').choices(['csv', 'jsonl']))
    .addHelpText(
      'after',
      `\nThe first line of a CSV file names its columns. One is needed: username. Others are\n${COLUMNS_IN_SHORT.join(', ')},\nuser_id and more, also under Chinese names: docs/guides/import-users.md`,
    )
  return action(command, exit, async (output, flags, [file = '']) => {
    const installation = await openInstallation(flags, { adds: true })
    const stop = interruptible()
    try {
      const format = text(flags['format'])
      const report = await importUsers(installation, fileSource(file), {
        ...(format !== undefined && { format: format === 'jsonl' ? 'jsonl' : 'csv' }),
        dryRun: flags['dryRun'] === true,
        skipBad: flags['skipBad'] === true,
        temporaryPasswords: flags['temporaryPasswords'] === true,
        signal: stop.signal,
        progress: tellProgress(output),
      })
      output.progressDone()
      const exitCode = report.status === 'refused' ? EXIT.failed : EXIT.done
      endWith(exitCode)
      output.result(report)
      print(output, report)
      return exitCode
    } finally {
      stop.release()
      await installation.close()
    }
  })
}

/**
 * Whoever waits for another import is told why, once, also where no terminal shows the progress: otherwise there would
 * be two minutes of silence.
 */
function tellProgress(output: Output): (progress: ImportProgress) => void {
  const { language } = output
  let isTold = false
  return ({ phase, done, total, silent }) => {
    if (silent !== undefined && !isTold) {
      isTold = true
      output.progressDone()
      output.note(waiting(silent)[language])
    }
    const still: InBoth = {
      en: `silent for ${silent} s; counts as killed at ${STALE_AFTER} s`,
      'zh-CN': `已 ${silent} 秒没有动静；满 ${STALE_AFTER} 秒视为已终止`,
    }
    const colon = language === 'zh-CN' ? '：' : ': '
    output.progress(
      `${PHASES[phase][language]}${colon}${silent === undefined ? counting(done, total)[language] : still[language]}`,
    )
  }
}

function waiting(silent: number): InBoth {
  const left = Math.max(0, STALE_AFTER - silent)
  return {
    en: `Another import is under way, or was killed: its last sign of life was ${silent} s ago. While it lives this one waits; one that is silent for ${STALE_AFTER} s counts as killed, which it would in ${left} s.`,
    'zh-CN': `另一个导入正在进行，或已被强行终止：它最近一次有动静是在 ${silent} 秒前。只要它还在进行，这一个就等待；${STALE_AFTER} 秒没有动静视为已终止，还有 ${left} 秒。`,
  }
}

function counting(done: number, total?: number): InBoth {
  const [now, all] = [done.toLocaleString('en'), total?.toLocaleString('en')]
  return {
    en: `${now}${all === undefined ? '' : ` of ${all}`}`,
    'zh-CN': `${now}${all === undefined ? '' : ` / ${all}`}`,
  }
}

function print(output: Output, report: ImportReport): void {
  const { problems, problemCount } = report
  const { language } = output
  for (const each of problems.slice(0, MOST_SHOWN)) output.say(problemLine(each)[language])
  const more: InBoth = {
    en: `… and ${problemCount - MOST_SHOWN} more (--json lists the first thousand)`,
    'zh-CN': `…… 另有 ${problemCount - MOST_SHOWN} 处（--json 最多列出一千处）`,
  }
  if (problemCount > MOST_SHOWN) output.say(more[language])
  output.say(outcome(report)[language])
  const blanks = blanksSaid(report)
  if (blanks !== null) output.say(blanks[language])
  const phones = report.status === 'refused' ? null : phonesSaid(report)
  if (phones !== null) output.say(phones[language])
}

function problemLine({ line, column, problem, hint }: ImportReport['problems'][number]): InBoth {
  const said = problemSentence({ column, problem, ...(hint !== undefined && { hint }) })
  return {
    en: `line ${line}${column === null ? '' : `, ${column}`}: ${problem}${hint === undefined ? '' : `. ${hint}`}`,
    'zh-CN': `第 ${line} 行：${said['zh-CN']}`,
  }
}

function outcome({ status, rows, imported, badRows, encoding, format }: ImportReport): InBoth {
  const read = `${counted(rows, 'row')} (${format}, ${encoding})`
  const readZh = `${rows.toLocaleString('en')} 行（${format}，${encoding}）`
  const left = counted(badRows, 'row')
  const leftZh = `${badRows.toLocaleString('en')} 行`
  switch (status) {
    case 'refused':
      return {
        en: `\nNothing was changed: ${badRows} of ${read} cannot be imported. Mend them, or leave them out with --skip-bad.`,
        'zh-CN': `\n没有做任何更改：${readZh}中有 ${leftZh}无法导入。请更正，或用 --skip-bad 跳过它们。`,
      }
    case 'checked':
      return {
        en: `Checked: ${read}. Nothing was changed.${badRows > 0 ? ` ${left} would be left out.` : ''}`,
        'zh-CN': `检查完毕：${readZh}。没有做任何更改。${badRows > 0 ? `导入时会跳过 ${leftZh}。` : ''}`,
      }
    case 'imported':
      return {
        en: `Imported: ${counted(imported, 'person', 'people')} from ${read}.${badRows > 0 ? ` Left out: ${left}.` : ''}`,
        'zh-CN': `已导入 ${imported.toLocaleString('en')} 位用户，来自 ${readZh}。${badRows > 0 ? `跳过了 ${leftZh}。` : ''}`,
      }
  }
}

/** A tip about names with blanks: older releases accepted them, so that files exported by those hold them. */
function blanksSaid({ status, problems }: ImportReport): InBoth | null {
  const lines = problems.filter(({ problem }) => problem === BLANK_INSIDE).map(({ line }) => line)
  if (lines.length === 0 || status !== 'refused') return null
  const at = named({ count: lines.length, lines: lines.slice(0, 10) })
  return {
    en: `User names with a blank inside: ${at.en}. Releases that let them through keep them; to bring such people here, give each of them another name in the file, or where they are before you export again: "npx lingpai user update 'zhang san' --username zhang.san". Tell them: it is what they type from then on.`,
    'zh-CN': `用户名中间含有空格的：${at['zh-CN']}。早先的版本允许这样的名称并会保留；要导入这些用户，请在文件中为他们改名，或先在原服务器上改名再导出：“npx lingpai user update 'zhang san' --username zhang.san”。请告知本人：以后登录要输入新的用户名。`,
  }
}

/**
 * A warning about missing and unverified phone numbers. 制作云 identifies people by the number, and after the import each
 * person would have to be corrected one by one.
 */
function phonesSaid({ withoutPhone, unverifiedPhone }: ImportReport): InBoth | null {
  const kinds = [
    { of: withoutPhone, en: 'without a phone number', zh: '没有手机号' },
    { of: unverifiedPhone, en: 'with one that is not marked as verified', zh: '手机号未标为已验证' },
  ].filter(({ of }) => of.count > 0)
  if (kinds.length === 0) return null
  const english = kinds.map(({ of, en }) => `${en}: ${named(of).en}`)
  const chinese = kinds.map(({ of, zh }) => `${zh}的 ${named(of)['zh-CN']}`)
  return {
    en: `Applications such as 制作云 may not accept people ${english.join('; ')}.`,
    'zh-CN': `制作云等应用可能不接受这些用户：${chinese.join('；')}。`,
  }
}

function named({ count, lines }: ImportReport['withoutPhone']): InBoth {
  const isCut = count > lines.length
  const many = count.toLocaleString('en')
  return {
    en: `${many} (${lines.length === 1 ? 'line' : 'lines'} ${lines.join(', ')}${isCut ? ', …' : ''})`,
    'zh-CN': `${many} 位（第 ${lines.join('、')} 行${isCut ? '等' : ''}）`,
  }
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}
