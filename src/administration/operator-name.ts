// The name of whoever runs the server, as the pages have it: what the options say or, where they say nothing, what the
// set-up has stored. Looked at now and then, so that no request waits for it, and what another node has stored is seen too.

import type { InstallationVerbs } from '../store/verbs/installation.ts'

export interface OperatorName {
  /** What the options say: a stored name does not come into it. */
  readonly configured: string | null
  /** Null: nobody has said. */
  current(): string | null
  look(): Promise<void>
  /** Stores a name, which is used from now on. An empty text removes it. */
  keep(name: string): Promise<void>
}

export function createOperatorName(
  store: Pick<InstallationVerbs, 'findFact' | 'putFact'>,
  configured: string | null,
): OperatorName {
  let stored = ''
  let kept = 0
  return {
    configured,
    current: () => configured ?? (stored === '' ? null : stored),
    async look() {
      if (configured !== null) return
      const before = kept
      const found = (await store.findFact('operator_name')) ?? ''
      // What was kept meanwhile is newer than what was read.
      if (kept === before) stored = found
    },
    async keep(name) {
      await store.putFact('operator_name', name)
      kept++
      stored = name
    },
  }
}
