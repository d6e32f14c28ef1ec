// lingpai restore: a backup becomes a data folder again.

import type { Command } from 'commander'
import { restore } from '../../administration/backup/restore.ts'
import { parseMasterKey } from '../../credentials/master-key.ts'
import { action, installationCommand, text, tip } from '../command.ts'
import { DATABASE_FILE, optionsFor } from '../installation.ts'
import type { InBoth } from '../language.ts'
import { EXIT } from '../output.ts'
import { readSecretFile, readTextFile } from '../secret-files.ts'

export function restoreCommand(exit: (code: number) => void): Command {
  const command: Command = installationCommand('restore', 'make a data folder from a backup; overwrites nothing')
    .argument('<file>')
    .option('--passphrase-file <file>', 'file with the passphrase that sealed the backup')
    .option('--private-key-file <file>', 'X25519 private key (PEM) of the recipient it was sealed for')
    .option('--master-key-file <file>', 'the master key, for a backup that does not hold it')
  return action(command, exit, async (output, flags, [file = '']) => {
    // For this command `--master-key-file` is a flag of its own; the option of the server that has this name cannot be a
    // flag.
    const { options } = await optionsFor({ ...flags, masterKeyFile: undefined })
    const passphraseFile = text(flags['passphraseFile'])
    const privateKeyFile = text(flags['privateKeyFile'])
    const masterFile = text(flags['masterKeyFile']) ?? options.masterKeyFile ?? undefined
    const outside = options.masterKey
    const masterOrigin = text(flags['masterKeyFile']) === undefined ? 'LINGPAI_MASTER_KEY_FILE' : '--master-key-file'
    const masterText = masterFile === undefined ? outside : readSecretFile(masterFile, 'master key', masterOrigin)
    const report = await restore({
      file,
      folder: options.data,
      databaseFile: DATABASE_FILE,
      ...(passphraseFile !== undefined && {
        passphrase: readSecretFile(passphraseFile, 'passphrase', '--passphrase-file'),
      }),
      ...(privateKeyFile !== undefined && {
        recipientPrivateKey: readTextFile(privateKeyFile, 'private key', '--private-key-file'),
      }),
      ...(masterText !== null && {
        master: parseMasterKey(
          masterText,
          masterFile === undefined ? 'LINGPAI_MASTER_KEY' : `${masterFile} (${masterOrigin})`,
        ),
      }),
      keepMasterKeyOutside: outside !== null,
    })
    output.result(report)
    const start = tip('start', { ...flags, data: report.folder })
    const words: InBoth = {
      en: `The backup is restored in ${report.folder}.\nStart it with the options of the former one, such as --trusted-proxies: ${start}`,
      'zh-CN': `备份已恢复到 ${report.folder}。\n请带上原来的选项（例如 --trusted-proxies）启动：${start}`,
    }
    output.say(words[output.language])
    return EXIT.done
  })
}
