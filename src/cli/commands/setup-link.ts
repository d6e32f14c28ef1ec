// lingpai setup-link: opens the set-up in a browser again.

import type { Command } from 'commander'
import { newSetUpLink } from '../../administration/set-up/link.ts'
import { installationAction, installationCommand } from '../command.ts'

export function setupLinkCommand(exit: (code: number) => void): Command {
  const command = installationCommand('setup-link', 'make a link that opens the set-up in a browser; it works once')
  return installationAction(command, exit, async ({ store, clock, addresses }, output) => {
    const { url: link } = await newSetUpLink(store, clock, addresses)
    output.result({ setup_link: link })
    output.say(`Open this link in a browser; it works once, and former links no longer do:\n\n  ${link}\n`)
  })
}
