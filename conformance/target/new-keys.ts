// New signing keys beside the running target, also while others wait for their turn: every module that looks for a new
// key finds one, and none meets a signature that it cannot verify.

import { type ListedKey, rotateKeys } from '../../src/administration/keys.ts'
import { openInstallation } from '../../src/cli/installation.ts'
import { keyPolicy } from '../../src/issuer/keys/key-policy.ts'

export async function publishNewKeys(data: string): Promise<readonly ListedKey[]> {
  const installation = await openInstallation({ data })
  try {
    const { options, master, store, clock } = installation
    const publishAhead = options.lifetimes.keyPublishAhead
    const policy = keyPolicy({ algorithms: options.keys.algorithms, publishAhead }, master)
    const { keys } = await rotateKeys({ store, clock }, {}, { ...policy, waiting: () => null })
    return keys
  } finally {
    await installation.close()
  }
}
