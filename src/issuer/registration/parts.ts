// What client registration is built from; `src/composition` hands it over.

import type { MasterKey } from '../../credentials/master-key.ts'
import type { OutboundClient } from '../../http/outbound/client.ts'
import { askingFor } from '../../http/outbound/on-behalf.ts'
import type { Client } from '../../model/client/client.ts'
import type { RegistrationRules } from '../../model/client/registration-policy.ts'
import type { SettingProblem } from '../../model/setting.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Addresses } from '../../protocol/addresses.ts'
import type { ResponseType } from '../../protocol/response-type.ts'
import type { Store } from '../../store/store.ts'
import type { ClientKeys } from '../keys/client-keys.ts'

/** A check that has to ask somebody else, such as the host of a `sector_identifier_uri`. Null: nothing is wrong. */
export type RegistrationCheck = (client: Client, outbound: OutboundClient) => Promise<SettingProblem | null>

export interface RegistrationParts {
  readonly rules: RegistrationRules
  /** The response types that the server offers. */
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

/**
 * The same parts, with everything fetched on behalf of a stranger: such requests never reach the hosts of
 * `outboundAllow`, and take no place of others.
 */
export function forStranger<Parts extends RegistrationParts>(parts: Parts, stranger: string): Parts {
  return { ...parts, outbound: askingFor(parts.outbound, stranger) }
}
