// lingpai setup-link: opens the set-up in a browser again.

import type { Command } from 'commander'
import { newSetUpLink } from '../../administration/set-up/link.ts'
import { installationAction, installationCommand } from '../command.ts'
import { waitingForRestart } from '../installation.ts'
import { type InBoth, warned } from '../language.ts'
import { instant } from '../output.ts'
import { throughSsh } from '../words.ts'

export function setupLinkCommand(exit: (code: number) => void): Command {
  const command = installationCommand(
    'setup-link',
    'make a link that opens the set-up in a browser; it works once, for a day',
  )
  return installationAction(command, exit, async (installation, output) => {
    const { store, clock, addresses } = installation
    const waiting = await waitingForRestart(installation)
    const { url: link, expiresAt } = await newSetUpLink(store, clock, addresses)
    const until = instant(expiresAt)
    output.result({ setup_link: link, expires_at: until, ...(waiting !== null && { warnings: [waiting.en] }) })
    if (waiting !== null) output.note(warned(waiting, output.language))
    const words: InBoth = {
      en: `Open this link in a browser. It works once, until ${until}; former links no longer do.`,
      'zh-CN': `请在浏览器中打开下面的链接。链接只能使用一次，有效期至 ${until}（UTC）；之前的链接已失效。`,
    }
    output.say([`${words[output.language]}\n\n  ${link}\n`, ...throughSsh(link, output.language)].join('\n'))
  })
}
