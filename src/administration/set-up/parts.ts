// What the set-up is built from; the composition root hands it over.

import type { KeyObject } from 'node:crypto'
import type { MasterKey } from '../../credentials/master-key.ts'
import type { PasswordHasher } from '../../credentials/password-hash.ts'
import type { OutboundClient } from '../../http/outbound/client.ts'
import type { AddressProbe } from '../../http/outbound/probe.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import type { CommandFlags } from '../../model/commands/flags.ts'
import type { UserWithPassword } from '../../model/user.ts'
import type { Brand, Locale, RehearsalResultView } from '../../pages/index.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Addresses } from '../../protocol/addresses.ts'
import type { Store } from '../../store/store.ts'
import type { OperatorName } from '../operator-name.ts'
import type { SetUpWatch } from './watch.ts'

export interface SetUpParts {
  readonly store: Store
  readonly clock: Clock
  readonly addresses: Addresses
  readonly brand: () => Brand
  readonly commandFlags: CommandFlags
  readonly operatorName: Pick<OperatorName, 'configured' | 'keep'>
  readonly defaultLocale: Locale
  /** Key of the anti-forgery values. */
  readonly csrfKey: KeyObject
  readonly master: MasterKey
  readonly hasher: PasswordHasher
  readonly outbound: OutboundClient
  /** May throw `CannotRehearse`. */
  readonly rehearse: (request: {
    readonly client: ClientRecord
    readonly user: UserWithPassword
  }) => Promise<RehearsalResultView>
  /** What the next start takes when it is given no issuer. */
  readonly storeIssuer: (issuer: string) => Promise<void>
  readonly probe: AddressProbe
  /** Null: the issuer's own address is somebody else's. */
  readonly frontPage: SetUpWatch | null
}
