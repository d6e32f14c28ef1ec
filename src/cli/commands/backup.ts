// lingpai backup: one consistent file, while the server runs.

import type { Command } from 'commander'
import { type BackupReport, backup } from '../../administration/backup/backup.ts'
import type { Leftovers } from '../../administration/backup/work-folder.ts'
import { action, installationCommand, text } from '../command.ts'
import { openInstallation } from '../installation.ts'
import { interruptible } from '../interrupt.ts'
import { CommandFailed, EXIT, type Output } from '../output.ts'
import { readSecretFile, readTextFile } from '../secret-files.ts'

const PHASES = { copy: 'Copying', verify: 'Verifying', write: 'Writing' } as const

export function backupCommand(exit: (code: number) => void): Command {
  const command: Command = installationCommand('backup', 'write everything to one file, beside a running server')
    .argument('<file>', 'never overwritten')
    .option('--passphrase-file <file>', 'seal the backup, master key included, with the passphrase in this file')
    .option('--recipient-key-file <file>', 'seal it for the holder of this X25519 key (public key, PEM)')
  return action(command, exit, async (output, flags, [file = '']) => {
    const passphraseFile = text(flags['passphraseFile'])
    const recipientFile = text(flags['recipientKeyFile'])
    if (passphraseFile !== undefined && recipientFile !== undefined) {
      const told = '--passphrase-file and --recipient-key-file contradict each other: a backup is sealed in one way.'
      throw new CommandFailed(EXIT.usage, 'contradiction', told)
    }
    const installation = await openInstallation(flags)
    const stop = interruptible()
    try {
      const report = await backup(installation, {
        file,
        master: installation.master,
        ...(passphraseFile !== undefined && {
          passphrase: readSecretFile(passphraseFile, 'passphrase', '--passphrase-file'),
        }),
        ...(recipientFile !== undefined && {
          recipientKey: readTextFile(recipientFile, 'recipient key', '--recipient-key-file'),
        }),
        progress: ({ phase, done, total }) => {
          // Its last word comes when the file has its name already.
          if (done < total) stop.assertGoingOn()
          output.progress(`${PHASES[phase]}: ${Math.floor((done * 100) / Math.max(total, 1))} %`)
        },
        leftovers: (found) => tellLeftovers(output, found),
      })
      output.progressDone()
      output.result(report)
      print(output, report)
      return EXIT.done
    } finally {
      stop.release()
      await installation.close()
    }
  })
}

function tellLeftovers(output: Output, { removed, kept }: Leftovers): void {
  for (const path of removed) output.note(`Removed ${path}: a backup that was cut off had left it.`)
  for (const path of kept) {
    output.note(
      `Warning: ${path} may hold a copy of all data, left by a backup that was cut off. When no backup is running, look into it and remove it.`,
    )
  }
}

function print(output: Output, { file, bytes, protection, holdsMasterKey }: BackupReport): void {
  const sealed = { passphrase: 'sealed with the passphrase', recipient: 'sealed for the recipient', none: 'not sealed' }
  output.say(`${file} is written and verified: ${(bytes / 1024).toFixed(0)} KiB, ${sealed[protection]}.`)
  output.say(
    holdsMasterKey
      ? 'It holds the master key: whoever opens it can sign anybody in.'
      : 'It does not hold the master key: keep that one apart from it (master.key in the data folder, unless LINGPAI_MASTER_KEY or LINGPAI_MASTER_KEY_FILE gives it). `restore` will ask for it.',
  )
}
