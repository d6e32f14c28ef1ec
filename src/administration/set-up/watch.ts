// Whether the server is in use yet, and whether its set-up is still to be done: looked at now and then until it is done, so
// that no request waits for it, and what another node or a command has done is seen too.

import type { InstallationVerbs, Use } from '../../store/verbs/installation.ts'

export interface SetUpWatch {
  look(): Promise<void>
  /** Once true, always true. */
  isInUse(): boolean
  /** Once false, always false. */
  isSetUpOpen(): boolean
}

export function createSetUpWatch(store: Pick<InstallationVerbs, 'readUse'>): SetUpWatch {
  let inUse = false
  let open = true
  return {
    async look() {
      if (!open) return
      const use = await store.readUse()
      inUse ||= use.isSetUpFinished || use.hasClient
      open = isOpen(use)
    },
    isInUse: () => inUse,
    isSetUpOpen: () => open,
  }
}

/**
 * Whoever has begun it in a browser is told how to go on until it is finished, or until people sign in without that: from then on
 * they are the ones who read it. Whoever adds a client before has begun on the command line, and never finishes it.
 */
function isOpen({ isSetUpFinished, isSetUpBegun, hasClient, hasConsent }: Use): boolean {
  if (isSetUpFinished || hasConsent) return false
  return isSetUpBegun || !hasClient
}
