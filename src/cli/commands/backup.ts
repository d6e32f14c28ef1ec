// lingpai backup: one consistent file, while the server runs.

import type { Command } from 'commander'
import { type BackupReport, backup } from '../../administration/backup/backup.ts'
import type { Leftovers } from '../../administration/backup/work-folder.ts'
import { action, installationCommand, text } from '../command.ts'
import { openInstallation } from '../installation.ts'
import { interruptible } from '../interrupt.ts'
import { type InBoth, warned } from '../language.ts'
import { CommandFailed, EXIT, type Output } from '../output.ts'
import { readSecretFile, readTextFile } from '../secret-files.ts'

const PHASES: Readonly<Record<'copy' | 'verify' | 'write', InBoth>> = {
  copy: { en: 'Copying: ', 'zh-CN': '正在复制：' },
  verify: { en: 'Verifying: ', 'zh-CN': '正在验证：' },
  write: { en: 'Writing: ', 'zh-CN': '正在写入：' },
}

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
          // The last report comes when the backup is finished and has its name: from then on it is not stopped any more.
          if (done < total) stop.assertGoingOn()
          output.progress(`${PHASES[phase][output.language]}${Math.floor((done * 100) / Math.max(total, 1))} %`)
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
  const { language } = output
  for (const path of removed) {
    const words: InBoth = {
      en: `Removed ${path}: a backup that was cut off had left it.`,
      'zh-CN': `已删除 ${path}：它是一次被中断的备份留下的。`,
    }
    output.note(words[language])
  }
  for (const path of kept) {
    const words: InBoth = {
      en: `${path} may hold a copy of all data, left by a backup that was cut off. When no backup is running, look into it and remove it`,
      'zh-CN': `${path} 可能是一次被中断的备份留下的，其中或许有全部数据的副本。请在没有备份运行时查看并删除`,
    }
    output.note(warned(words, language))
  }
}

const PROTECTIONS: Readonly<Record<BackupReport['protection'], InBoth>> = {
  passphrase: { en: 'sealed with the passphrase', 'zh-CN': '已用口令加密' },
  recipient: { en: 'sealed for the recipient', 'zh-CN': '已为接收者加密' },
  none: { en: 'not sealed', 'zh-CN': '没有加密' },
}

const WITH_KEY: InBoth = {
  en: 'It holds the master key: whoever opens it can sign anybody in.',
  'zh-CN': '其中含有主密钥：能打开它的人可以以任何人的身份登录。',
}

const WITHOUT_KEY: InBoth = {
  en: 'It does not hold the master key: keep that one apart from it (master.key in the data folder, unless LINGPAI_MASTER_KEY or LINGPAI_MASTER_KEY_FILE gives it). `restore` will ask for it.',
  'zh-CN':
    '其中没有主密钥，请另行保管：它是数据目录中的 master.key，或由 LINGPAI_MASTER_KEY、LINGPAI_MASTER_KEY_FILE 给出。恢复时需要它。',
}

function print(output: Output, { file, bytes, protection, holdsMasterKey }: BackupReport): void {
  const { language } = output
  const size = (bytes / 1024).toFixed(0)
  const words: InBoth = {
    en: `${file} is written and verified: ${size} KiB, ${PROTECTIONS[protection].en}.`,
    'zh-CN': `${file} 已写好并经过验证：${size} KiB，${PROTECTIONS[protection]['zh-CN']}。`,
  }
  output.say(words[language])
  output.say((holdsMasterKey ? WITH_KEY : WITHOUT_KEY)[language])
}
