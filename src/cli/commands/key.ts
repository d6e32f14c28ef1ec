// lingpai key: the keys that sign ID tokens.

import { Command, Option } from 'commander'
import { type ListedKey, listKeys, rotateKeys } from '../../administration/keys.ts'
import { planSuccessor } from '../../issuer/keys/key-ring.ts'
import { createSigningKey } from '../../issuer/keys/signing.ts'
import { ASYMMETRIC_ALGORITHMS } from '../../protocol/jwk.ts'
import { action, installationCommand, text } from '../command.ts'
import { openInstallation } from '../installation.ts'
import { EXIT, table } from '../output.ts'

export function keyCommand(exit: (code: number) => void): Command {
  const list = installationCommand('list', 'all signing keys, oldest first')
  const rotate = installationCommand('rotate', 'publish a new key now, and sign with it a day later')
    .addOption(new Option('--algorithm <algorithm>', 'only this one').choices(ASYMMETRIC_ALGORITHMS))
    .option('--at-once', 'sign with it right away: the present key is not to be trusted any more')
  return new Command('key')
    .description('the keys that sign')
    .addCommand(
      action(list, exit, async (output, flags) => {
        const installation = await openInstallation(flags)
        try {
          const keys = await listKeys(installation)
          output.result(keys.map(plain))
          output.say(
            keys.length === 0
              ? 'There are no keys yet: the first start makes them.'
              : table([['KEY ID', 'ALGORITHM', 'STATE', 'SIGNS FROM', 'UNTIL'], ...keys.map(row)]),
          )
          return EXIT.done
        } finally {
          await installation.close()
        }
      }),
    )
    .addCommand(
      action(rotate, exit, async (output, flags) => {
        const installation = await openInstallation(flags)
        try {
          const publishAhead = installation.options.lifetimes.keyPublishAhead
          const algorithm = ASYMMETRIC_ALGORITHMS.find((each) => each === text(flags['algorithm']))
          const made = await rotateKeys(
            installation,
            {
              ...(algorithm !== undefined && { algorithms: [algorithm] }),
              atOnce: flags['atOnce'] === true,
            },
            async (keys, algorithm, now, { atOnce }) => {
              const { activeAt, retire } = planSuccessor(keys, algorithm, now, { atOnce, publishAhead })
              return { key: await createSigningKey(algorithm, now, activeAt, installation.master), retire }
            },
          )
          output.result(made.map(plain))
          output.say(table([['KEY ID', 'ALGORITHM', 'STATE', 'SIGNS FROM', 'UNTIL'], ...made.map(row)]))
          output.say('\nA running server publishes the new keys within seconds.')
          return EXIT.done
        } finally {
          await installation.close()
        }
      }),
    )
}

const instant = (at: number | null) => (at === null ? null : new Date(at * 1000).toISOString())

function plain({ keyId, algorithm, state, createdAt, activeAt, retiredAt }: ListedKey) {
  return {
    key_id: keyId,
    algorithm,
    state,
    created_at: instant(createdAt),
    active_at: instant(activeAt),
    retired_at: instant(retiredAt),
  }
}

function row({ keyId, algorithm, state, activeAt, retiredAt }: ListedKey): readonly string[] {
  return [keyId, algorithm, state, instant(activeAt) ?? '', instant(retiredAt) ?? '']
}
