// lingpai user import: many people at once, from CSV or JSON Lines.

import { type Command, Option } from 'commander'
import { fileSource, type ImportReport, importUsers } from '../../administration/user-import/index.ts'
import { action, installationCommand, text } from '../command.ts'
import { openInstallation } from '../installation.ts'
import { EXIT, type Output } from '../output.ts'

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
  return action(command, exit, async (output, flags, [file = '']) => {
    const installation = await openInstallation(flags)
    const stop = new AbortController()
    const interrupt = () => stop.abort()
    process.once('SIGINT', interrupt)
    try {
      const format = text(flags['format'])
      const report = await importUsers(installation, fileSource(file), {
        ...(format !== undefined && { format: format === 'jsonl' ? 'jsonl' : 'csv' }),
        dryRun: flags['dryRun'] === true,
        skipBad: flags['skipBad'] === true,
        signal: stop.signal,
        progress: ({ phase, done, total }) =>
          output.progress(
            `${PHASES[phase]}: ${done.toLocaleString('en')}${total === undefined ? '' : ` of ${total.toLocaleString('en')}`}`,
          ),
      })
      output.progressDone()
      output.result(report)
      print(output, report)
      return report.status === 'refused' ? EXIT.failed : EXIT.done
    } finally {
      process.removeListener('SIGINT', interrupt)
      await installation.close()
    }
  })
}

function print(output: Output, report: ImportReport): void {
  const { status, problems, problemCount, rows, imported, badRows, encoding, format } = report
  for (const { line, column, problem, hint } of problems.slice(0, MOST_SHOWN)) {
    output.say(
      `line ${line}${column === null ? '' : `, ${column}`}: ${problem}${hint === undefined ? '' : `. ${hint}`}`,
    )
  }
  if (problemCount > MOST_SHOWN) output.say(`… and ${problemCount - MOST_SHOWN} more (--json lists the first thousand)`)
  const read = `${rows.toLocaleString('en')} rows (${format}, ${encoding})`
  if (status === 'refused') {
    output.say(
      `\nNothing was changed: ${badRows} of ${read} cannot be imported. Mend them, or leave them out with --skip-bad.`,
    )
  } else if (status === 'checked') {
    output.say(`${read} were checked; nothing was changed.${badRows > 0 ? ` ${badRows} would be left out.` : ''}`)
  } else {
    output.say(
      `${imported.toLocaleString('en')} people were imported from ${read}.${badRows > 0 ? ` ${badRows} rows were left out.` : ''}`,
    )
  }
}
