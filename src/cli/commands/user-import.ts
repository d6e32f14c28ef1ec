// lingpai user import: many people at once, from CSV or JSON Lines.

import { type Command, Option } from 'commander'
import {
  COLUMNS_IN_SHORT,
  fileSource,
  type ImportProgress,
  type ImportReport,
  importUsers,
  STALE_AFTER,
} from '../../administration/user-import/index.ts'
import { action, installationCommand, text } from '../command.ts'
import { openInstallation } from '../installation.ts'
import { interruptible } from '../interrupt.ts'
import { EXIT, endWith, type Output } from '../output.ts'

const MOST_SHOWN = 50
const PHASES = {
  check: 'Checking',
  wait: 'Waiting for another import',
  write: 'Writing',
  publish: 'Publishing',
} as const

export function userImportCommand(exit: (code: number) => void): Command {
  const command: Command = installationCommand('import', 'add many people from a CSV or JSON Lines file, all or none')
    .argument('<file>')
    .option('--dry-run', 'check everything and change nothing')
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

/** Who waits is told why, once, also where nobody watches: nothing else would be said for two minutes. */
function tellProgress(output: Output): (progress: ImportProgress) => void {
  let isTold = false
  return ({ phase, done, total, silent }) => {
    if (silent !== undefined && !isTold) {
      isTold = true
      output.progressDone()
      output.note(
        `Another import is under way, or was killed: its last sign of life was ${silent} s ago. While it lives this one waits; one that is silent for ${STALE_AFTER} s counts as killed, which it would in ${Math.max(0, STALE_AFTER - silent)} s.`,
      )
    }
    output.progress(
      silent === undefined
        ? `${PHASES[phase]}: ${counting(done, total)}`
        : `${PHASES[phase]}: silent for ${silent} s; counts as killed at ${STALE_AFTER} s`,
    )
  }
}

function counting(done: number, total?: number): string {
  return `${done.toLocaleString('en')}${total === undefined ? '' : ` of ${total.toLocaleString('en')}`}`
}

function print(output: Output, report: ImportReport): void {
  const { status, problems, problemCount, rows, imported, badRows, encoding, format } = report
  for (const { line, column, problem, hint } of problems.slice(0, MOST_SHOWN)) {
    output.say(
      `line ${line}${column === null ? '' : `, ${column}`}: ${problem}${hint === undefined ? '' : `. ${hint}`}`,
    )
  }
  if (problemCount > MOST_SHOWN) output.say(`… and ${problemCount - MOST_SHOWN} more (--json lists the first thousand)`)
  const read = `${counted(rows, 'row')} (${format}, ${encoding})`
  if (status === 'refused') {
    output.say(
      `\nNothing was changed: ${badRows} of ${read} cannot be imported. Mend them, or leave them out with --skip-bad.`,
    )
  } else if (status === 'checked') {
    output.say(
      `Checked: ${read}. Nothing was changed.${badRows > 0 ? ` ${counted(badRows, 'row')} would be left out.` : ''}`,
    )
  } else {
    output.say(
      `Imported: ${counted(imported, 'person', 'people')} from ${read}.${badRows > 0 ? ` Left out: ${counted(badRows, 'row')}.` : ''}`,
    )
  }
  if (status !== 'refused') tellOfPhones(output, report)
}

/** 制作云 goes by the number, and afterwards each person would have to be mended alone. */
function tellOfPhones(output: Output, { withoutPhone, unverifiedPhone }: ImportReport): void {
  const told = [
    ...(withoutPhone.count === 0 ? [] : [`without a phone number: ${named(withoutPhone)}`]),
    ...(unverifiedPhone.count === 0 ? [] : [`with one that is not marked as verified: ${named(unverifiedPhone)}`]),
  ]
  if (told.length > 0) output.say(`Applications such as 制作云 may not accept people ${told.join('; ')}.`)
}

function named({ count, lines }: ImportReport['withoutPhone']): string {
  const more = count > lines.length ? ', …' : ''
  return `${count.toLocaleString('en')} (${lines.length === 1 ? 'line' : 'lines'} ${lines.join(', ')}${more})`
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}
