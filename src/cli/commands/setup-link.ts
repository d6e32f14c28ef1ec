// lingpai setup-link: opens the set-up in a browser again.

import type { Command } from 'commander'
import { newSetUpLink } from '../../administration/set-up/link.ts'
import { installationAction, installationCommand } from '../command.ts'
import { waitingForRestart } from '../installation.ts'
import { instant } from '../output.ts'

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
    if (waiting !== null) output.note(`Warning: ${waiting.en}.`)
    output.say(`Open this link in a browser. It works once, until ${until}; former links no longer do.\n\n  ${link}\n`)
  })
}
