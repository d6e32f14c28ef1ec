// What operators' commands ask of the issuer about its keys: which one signs, which one waits, and a new one.

import type { MasterKey } from '../../credentials/master-key.ts'
import type { SigningAlgorithm } from '../../model/client/client.ts'
import type { SigningKey } from '../../model/signing-key.ts'
import type { Seconds } from '../../model/time.ts'
import { planSuccessor, SEEN_BY_ALL_NODES, signingKeyFor, waitingKey } from './rotation.ts'
import { createSigningKey } from './signing.ts'

export interface KeyPolicyOptions {
  readonly algorithms: readonly SigningAlgorithm[]
  /** How long a key is published before it signs. */
  readonly publishAhead: Seconds
}

export function keyPolicy({ algorithms, publishAhead }: KeyPolicyOptions, master: MasterKey) {
  return {
    algorithms,
    seenByAllNodes: SEEN_BY_ALL_NODES,
    signing: signingKeyFor,
    waiting: waitingKey,
    async make(
      keys: readonly SigningKey[],
      algorithm: SigningAlgorithm,
      now: Seconds,
      { urgent }: { readonly urgent: boolean },
    ) {
      const ahead = urgent ? SEEN_BY_ALL_NODES : publishAhead
      const plan = planSuccessor(keys, algorithm, now, { publishAhead: ahead })
      return { key: await createSigningKey(plan, now, master), endings: plan.endings }
    },
  }
}
