// New signing keys beside the running target, also while others wait for their turn: every module that looks for a new
// key finds one, and none meets a signature that it cannot verify.

import { AdministrationError } from '../../src/administration/errors.ts'
import { type ListedKey, rotateKeys } from '../../src/administration/keys.ts'
import { openInstallation } from '../../src/cli/installation.ts'
import { keyPolicy } from '../../src/issuer/keys/key-policy.ts'

const MOST_ATTEMPTS = 5

export async function publishNewKeys(data: string): Promise<readonly ListedKey[]> {
  const installation = await openInstallation({ data })
  try {
    const { options, master, store, clock } = installation
    const publishAhead = options.lifetimes.keyPublishAhead
    const policy = keyPolicy({ algorithms: options.keys.algorithms, publishAhead }, master)
    for (let attempt = 1; ; attempt++) {
      try {
        const { keys } = await rotateKeys({ store, clock }, {}, { ...policy, waiting: () => null })
        return keys
      } catch (error) {
        // Several drivers ask at once: whoever is second has changed nothing, and asks again.
        const isSecond = error instanceof AdministrationError && error.code === 'key_changed'
        if (!isSecond || attempt === MOST_ATTEMPTS) throw error
      }
    }
  } finally {
    await installation.close()
  }
}
