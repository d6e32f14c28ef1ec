// What client registration is built from; `src/composition` hands it over.

import type { MasterKey } from '../../credentials/master-key.ts'
import type { OutboundClient } from '../../http/outbound/client.ts'
import { askingFor } from '../../http/outbound/on-behalf.ts'
import type { Client } from '../../model/client.ts'
import type { RegistrationRules } from '../../model/registration-policy.ts'
import type { SettingProblem } from '../../model/setting.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Addresses } from '../../protocol/addresses.ts'
import type { ResponseType } from '../../protocol/response-type.ts'
import type { Store } from '../../store/store.ts'
import type { ClientKeys } from '../keys/client-keys.ts'

/** What can only be told by asking somebody else, such as the host of a `sector_identifier_uri`. Null: all is well. */
export type RegistrationCheck = (client: Client, outbound: OutboundClient) => Promise<SettingProblem | null>

export interface RegistrationParts {
  readonly rules: RegistrationRules
  /** What the server has. */
  readonly responseTypes: readonly ResponseType[]
  readonly addresses: Addresses
  readonly store: Pick<
    Store,
    | 'addRegistration'
    | 'countRegistrations'
    | 'findRegistration'
    | 'updateRegistration'
    | 'removeClient'
    | 'findInitialAccessToken'
    | 'chargeAttempts'
  >
  readonly clock: Clock
  readonly master: MasterKey
  readonly outbound: OutboundClient
  readonly keys: ClientKeys
  readonly checks: readonly RegistrationCheck[]
}

/** The same on behalf of somebody for whom nobody vouches: they have no host of `outboundAllow` asked, and take no place of others. */
export function forStranger<Parts extends RegistrationParts>(parts: Parts, stranger: string): Parts {
  return { ...parts, outbound: askingFor(parts.outbound, stranger) }
}
