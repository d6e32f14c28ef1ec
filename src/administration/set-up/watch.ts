// Whether the server is in use yet, or its set-up is still to be done: looked at now and then until it is, so that no
// request waits for it, and what another node or a command has done is seen too.

import type { InstallationVerbs } from '../../store/verbs/installation.ts'

export interface SetUpWatch {
  look(): Promise<void>
  /** Once true, always true. */
  isInUse(): boolean
}

export function createSetUpWatch(store: Pick<InstallationVerbs, 'isInUse'>): SetUpWatch {
  let inUse = false
  return {
    async look() {
      if (!inUse) inUse = await store.isInUse()
    },
    isInUse: () => inUse,
  }
}
