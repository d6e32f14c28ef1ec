// lingpai setup-link: opens the set-up in a browser again.

import type { Command } from 'commander'
import { newSetUpLink } from '../../administration/set-up/link.ts'
import { action, installationCommand } from '../command.ts'
import { openInstallation } from '../installation.ts'
import { EXIT } from '../output.ts'

export function setupLinkCommand(exit: (code: number) => void): Command {
  const command = installationCommand('setup-link', 'make a link that opens the set-up in a browser; it works once')
  return action(command, exit, async (output, flags) => {
    const { store, clock, addresses, close } = await openInstallation(flags)
    try {
      const { url: link } = await newSetUpLink(store, clock, addresses)
      output.result({ setup_link: link })
      output.say(`Open this link in a browser; it works once, and former links no longer do:\n\n  ${link}\n`)
      return EXIT.done
    } finally {
      await close()
    }
  })
}
