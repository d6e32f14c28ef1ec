// lingpai key: the keys that sign ID tokens and whatever else clients verify.

import { Command, Option } from 'commander'
import { type ClientSight, listClientSights, type Sight } from '../../administration/key-sightings.ts'
import {
  endKey,
  type KeyParts,
  type KeyPolicy,
  type ListedKey,
  listKeys,
  postponeKey,
  rotateKeys,
  undoKey,
} from '../../administration/keys.ts'
import { rotateDecryptionKeys } from '../../issuer/keys/decryption-keys.ts'
import { keyPolicy } from '../../issuer/keys/key-policy.ts'
import { SEEN_BY_ALL_NODES } from '../../issuer/keys/rotation.ts'
import { span, spanText } from '../../options/kinds.ts'
import { systemClock } from '../../platform/clock.ts'
import { silentLog } from '../../platform/log.ts'
import { ASYMMETRIC_ALGORITHMS } from '../../protocol/jwk.ts'
import { createClockOffset } from '../../store/database/postgres/clock-offset.ts'
import { type Flags, installationAction, installationCommand, text, tip } from '../command.ts'
import type { Installation } from '../installation.ts'
import { CommandFailed, EXIT, instant, type Output, table } from '../output.ts'

interface Desk {
  readonly installation: Installation
  readonly parts: KeyParts
  readonly policy: KeyPolicy
  readonly output: Output
  readonly flags: Flags
}

export function keyCommand(exit: (code: number) => void): Command {
  const on = (command: Command, run: (desk: Desk, keyId: string) => Promise<void>) =>
    installationAction(command, exit, async (installation, output, flags, [keyId = '']) => {
      const parts = { store: installation.store, clock: await clockOf(installation) }
      await run({ installation, parts, policy: policyOf(installation), output, flags }, keyId)
    })
  const named = (name: string, description: string) => installationCommand(name, description).argument('<key-id>')
  return new Command('key')
    .description('the keys that sign')
    .addCommand(on(installationCommand('list', 'all signing keys, oldest first'), list))
    .addCommand(
      on(
        installationCommand('rotate', 'publish a new key now, and sign with it later (lifetimes.keyPublishAhead)')
          .addOption(new Option('--algorithm <algorithm>', 'only this one').choices(ASYMMETRIC_ALGORITHMS))
          .option('--at-once', 'sign with it within seconds: the present key is not to be used any more'),
        rotate,
      ),
    )
    .addCommand(
      on(
        installationCommand(
          'rotate-encryption',
          'publish new keys for request objects that clients encrypt; the former ones open them for another day',
        ),
        rotateEncryption,
      ),
    )
    .addCommand(
      on(
        named('postpone', 'let a key that waits sign later than planned').requiredOption(
          '--by <duration>',
          'by how much, such as 12h or 7d',
        ),
        postpone,
      ),
    )
    .addCommand(on(named('undo', 'take a key back that waits; the present one goes on'), undo))
    .addCommand(
      on(named('retire', 'sign no more with a key; what it signed stays good until it expires'), (desk, keyId) =>
        end(desk, keyId, false),
      ),
    )
    .addCommand(
      on(named('revoke', 'give up a key that others may know: what it signed is refused'), (desk, keyId) =>
        end(desk, keyId, true),
      ),
    )
}

/** The database's clock, as the servers use it: this machine's may differ, and a key would begin at another time than meant. */
async function clockOf({ driver, clock }: Installation): Promise<KeyParts['clock']> {
  if (driver.dialect !== 'postgres') return clock
  const own = systemClock()
  const offset = createClockOffset(driver, own, silentLog)
  await offset.measure()
  const problem = offset.unready()
  if (problem === null) return own
  throw new CommandFailed(EXIT.failed, 'clock', `${problem}.`, 'Set the clock of this machine right, then try again.')
}

function policyOf({ options, master }: Installation): KeyPolicy {
  const { algorithms } = options.keys
  return keyPolicy({ algorithms, publishAhead: options.lifetimes.keyPublishAhead }, master)
}

async function list({ installation, parts, output, flags }: Desk): Promise<void> {
  const keys = await listKeys(parts)
  const waiting = keys.filter(({ state }) => state === 'waiting')
  const clients = await listClientSights(installation.store, waiting, SEEN_BY_ALL_NODES)
  output.result({ keys: keys.map(plain), clients: clients.map(plainSight) })
  if (keys.length === 0) {
    output.say('There are no keys yet: the first start makes them.')
    return
  }
  output.say(tableOf(keys))
  if (clients.length > 0) {
    const rows = clients.map((client) => [client.clientId, client.clientName, SIGHTS[client.sight](client)])
    output.say(`\n${table([['CLIENT ID', 'NAME', 'LAST FETCHED THE KEYS'], ...rows])}`)
  }
  for (const { keyId, algorithm, activeAt } of waiting) {
    const late = clients.filter(({ missing }) => missing.includes(keyId)).map(({ clientName }) => clientName)
    if (late.length === 0) continue
    output.note(
      `Warning: ${late.slice(0, 10).join(', ')}${late.length > 10 ? ` and ${late.length - 10} others` : ''} fetched the keys before the next ${algorithm} key was published, which signs from ${instant(activeAt)}. A client that keeps the keys for long refuses sign-ins then. To let it sign later: ${tip(`key postpone ${keyId} --by 1d`, flags)}`,
    )
  }
}

/** Only what can be known: whoever fetches the keys does not say who they are, so a client is recognised by its addresses. */
const SIGHTS: Readonly<Record<Sight, (client: ClientSight) => string>> = {
  fetched: ({ fetchedAt }) => `${instant(fetchedAt)}, by an address of it`,
  unseen: () => 'not seen: it may fetch them from another address, or verify nothing',
  unused: () => 'not seen: no token for it in a month',
  devices: () => 'each device of its users for itself',
}

function plainSight({ clientId, sight, fetchedAt, missing }: ClientSight) {
  return { client_id: clientId, sight, fetched_at: instant(fetchedAt), missing }
}

async function rotate({ installation, parts, policy, output, flags }: Desk): Promise<void> {
  const algorithm = ASYMMETRIC_ALGORITHMS.find((each) => each === text(flags['algorithm']))
  const atOnce = flags['atOnce'] === true
  const request = { ...(algorithm !== undefined && { algorithms: [algorithm] }), atOnce }
  const { keys, waiting } = await rotateKeys(parts, request, policy)
  if (atOnce) {
    const { jwksMaxAge } = installation.options.lifetimes
    output.note(
      `Warning: clients that have fetched the keys before do not know the new one; those that keep them without looking again refuse sign-ins, for up to ${spanText(jwksMaxAge)} and some for longer.`,
    )
  }
  for (const { algorithm: each } of waiting) output.note(`The next ${each} key waits already; nothing was changed.`)
  output.result(keys.map(plain))
  output.say(tableOf(keys))
  output.say('\nA running server publishes the new keys within seconds.')
}

async function rotateEncryption({ installation, parts, output }: Desk): Promise<void> {
  const rotated = await rotateDecryptionKeys({ ...installation, clock: parts.clock })
  if (rotated === null) {
    throw new CommandFailed(
      EXIT.notFound,
      'no_encryption_keys',
      'There are no keys that clients encrypt with.',
      'A server makes them when it is started with --encrypted-requests.',
    )
  }
  const plainly = rotated.map(({ keyId, kty, formerUntil }) => ({
    key_id: keyId,
    kty,
    former_until: instant(formerUntil),
  }))
  output.result(plainly)
  const rows = plainly.map(({ key_id, kty, former_until }) => [key_id, kty, former_until ?? ''])
  output.say(table([['KEY ID', 'TYPE', 'FORMER ONE OPENS UNTIL'], ...rows]))
  output.say('\nA running server publishes the new keys within seconds.')
}

async function postpone({ parts, policy, output, flags }: Desk, keyId: string): Promise<void> {
  const by = span(60, 366 * 86_400).parse(text(flags['by']))
  if ('problem' in by) throw new CommandFailed(EXIT.usage, 'wrong_usage', `--by ${by.problem}.`)
  const key = await postponeKey(parts, keyId, by.value, policy)
  output.result(plain(key))
  output.say(tableOf([key]))
}

async function undo({ installation, parts, policy, output }: Desk, keyId: string): Promise<void> {
  await undoKey(parts, keyId, policy)
  output.result({ key_id: keyId, undone: true })
  output.say(`The key ${keyId} is gone; nothing was signed with it.`)
  const { rotateEvery } = installation.options.keys
  if (rotateEvery > 0) {
    output.note(`A key that is older than ${spanText(rotateEvery)} (keys.rotateEvery) gets another successor at once.`)
  }
}

async function end({ installation, parts, policy, output }: Desk, keyId: string, revoke: boolean): Promise<void> {
  const { ended, successor } = await endKey(parts, keyId, { revoke }, policy)
  if (revoke) {
    const { jwksMaxAge, idToken } = installation.options.lifetimes
    output.note(
      `Warning: clients verify by themselves with the keys that they have fetched. Until they fetch them anew (${spanText(jwksMaxAge)}, some later) they take what the key signs, and tokens forged with it as long as these say they live. Sign-ins of the last ${spanText(idToken)} may have to be done again.`,
    )
  }
  output.result({ ended: plain(ended), successor: successor === null ? null : plain(successor) })
  output.say(tableOf(successor === null ? [ended] : [ended, successor]))
  output.say(`\nAll nodes change within ${SEEN_BY_ALL_NODES} seconds.`)
}

function plain({ keyId, algorithm, state, createdAt, activeAt, retiredAt, revokedAt }: ListedKey) {
  return {
    key_id: keyId,
    algorithm,
    state,
    created_at: instant(createdAt),
    active_at: instant(activeAt),
    retired_at: instant(retiredAt),
    revoked_at: instant(revokedAt),
  }
}

function tableOf(keys: readonly ListedKey[]): string {
  const rows = keys.map(({ keyId, algorithm, state, activeAt, retiredAt }) => [
    keyId,
    algorithm,
    state,
    instant(activeAt),
    instant(retiredAt) ?? '',
  ])
  return table([['KEY ID', 'ALGORITHM', 'STATE', 'SIGNS FROM', 'UNTIL'], ...rows])
}
