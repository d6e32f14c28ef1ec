// lingpai master-key: the key under which the others are sealed.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Command } from 'commander'
import {
  type Replaced,
  ReplacementOvertaken,
  replaceMasterKey,
  replacementState,
} from '../../administration/master-key.ts'
import { keyCheck, loadMasterKey } from '../../credentials/master-key.ts'
import { formerFile, keysInFolder, putInPlace } from '../../credentials/master-key-exchange.ts'
import { type Replacement, readMark } from '../../credentials/replaced-master-key.ts'
import { SealBroken } from '../../credentials/sealing.ts'
import { resealedDecryptionKeys } from '../../issuer/keys/decryption-keys.ts'
import { resealSigningKey } from '../../issuer/keys/signing.ts'
import type { Options } from '../../options/index.ts'
import { systemClock } from '../../platform/clock.ts'
import { createLog } from '../../platform/log.ts'
import { shellWord } from '../../platform/shell-word.ts'
import type { Driver } from '../../store/database/driver.ts'
import { isBeingFilled } from '../../store/moving.ts'
import { hasSchema, isOfOlderRelease, migrate } from '../../store/schema/migrate.ts'
import { migrations } from '../../store/schema/migrations/index.ts'
import { createStore, type Store } from '../../store/store.ts'
import { action, type Flags, installationCommand, text, tip } from '../command.ts'
import {
  beingFilled,
  DATABASE_FILE,
  nothingThere,
  olderDatabase,
  openDatabase,
  openMasterKey,
  optionsFor,
  ownAlone,
  wrongKey,
} from '../installation.ts'
import { type Interruptible, interruptible } from '../interrupt.ts'
import type { InBoth } from '../language.ts'
import { CommandFailed, EXIT, type Output } from '../output.ts'

/** Milliseconds after which no server, and no command that was at work, still writes by the former key. */
const NOTICED_MS = { postgres: 10_000, sqlite: 5_000 }

export function masterKeyCommand(exit: (code: number) => void): Command {
  return new Command('master-key')
    .description('the key under which the others are sealed')
    .addCommand(replaceCommand(exit))
}

function replaceCommand(exit: (code: number) => void): Command {
  const command = installationCommand(
    'replace',
    'seal everything under another master key; servers must be stopped, and nobody is signed out',
  ).option(
    '--new-key-file <file>',
    'the next key, where LINGPAI_MASTER_KEY or LINGPAI_MASTER_KEY_FILE gives the present one; otherwise it is made here',
  )
  return action(command, exit, async (output, flags) => {
    const { options } = await optionsFor(flags)
    const source = sourceOf(options, text(flags['newKeyFile']) ?? null)
    const stop = interruptible()
    const ownership = options.database === null ? ownAlone(options.data, () => serverRunning(options.data)) : null
    try {
      const driver = await openDatabase(options, createLog('warn', 'text'))
      try {
        await bringUpToDate(driver, options)
        await replace(createStore(driver), source, { options, output, stop })
      } finally {
        await driver.close()
      }
    } finally {
      ownership?.release()
      stop.release()
    }
    return EXIT.done
  })
}

/** Where the two keys come from: files of the data folder, or both given with the command. */
type Source = { readonly folder: string } | { readonly given: Replacement; readonly file: string }

function sourceOf(options: Options, newKeyFile: string | null): Source {
  const { data, database, masterKey, masterKeyFile } = options
  if (database === null && !existsSync(join(data, DATABASE_FILE))) throw nothingThere(options)
  if (database === null && masterKey === null && masterKeyFile === null) {
    if (newKeyFile === null) return { folder: data }
    throw new CommandFailed(
      EXIT.usage,
      'wrong_usage',
      `The master key is in ${data}, and the next one is made there too.`,
      'Leave --new-key-file out.',
    )
  }
  if (newKeyFile === null) {
    throw new CommandFailed(
      EXIT.usage,
      'new_key_required',
      'The next master key is not given.',
      'Make one: (umask 077; openssl rand -base64 32 | tr "+/" "-_" | tr -d "=" > next.key), and name it: --new-key-file next.key',
    )
  }
  const former = openMasterKey(options)
  const { master: next } = loadMasterKey({ keyFile: newKeyFile, keyFileFrom: '--new-key-file' }, { create: false })
  if (next.keyId !== former.keyId) return { given: { former, next }, file: newKeyFile }
  throw new CommandFailed(EXIT.usage, 'same_key', `${newKeyFile} holds the present master key.`, 'Give another one.')
}

const serverRunning = (folder: string) =>
  new CommandFailed(
    EXIT.unavailable,
    'server_running',
    `A server is running on ${folder}, or this command is already.`,
    'Stop the server, or wait, then try again.',
  )

/**
 * Refuses a database of an older release: servers of that release may be running, and would not notice that the key was
 * replaced.
 */
async function bringUpToDate(driver: Driver, { database }: Options): Promise<void> {
  // With a mistyped address this would set up an installation in somebody's empty database.
  if (database !== null && !(await hasSchema(driver, migrations))) throw emptyDatabase()
  if (database !== null && (await isOfOlderRelease(driver, migrations))) {
    throw olderDatabase('servers of that release may be running')
  }
  await migrate(driver, migrations, { clock: systemClock() })
}

function emptyDatabase(): CommandFailed {
  return new CommandFailed(
    EXIT.notFound,
    'no_installation',
    'There is no installation in this PostgreSQL database; nothing was made there.',
    'Name the right one with --database, and its schema with --database-schema where it has one.',
  )
}

/** Why the database belongs to neither key. */
function foreignTo({ former, next }: Replacement, stored: string): CommandFailed {
  if (isBeingFilled(stored)) return beingFilled()
  const mark = readMark(stored)
  if (mark === null) return wrongKey()
  const [which, remedy] =
    mark.former === keyCheck(former) && mark.next !== keyCheck(next)
      ? ['another next key', 'Name that one: --new-key-file FILE']
      : [
          'another present key',
          'Give that one in LINGPAI_MASTER_KEY or LINGPAI_MASTER_KEY_FILE, and the same next one.',
        ]
  return new CommandFailed(
    EXIT.conflict,
    'other_replacement',
    `A replacement of the master key was begun with ${which}, and goes on with that one only.`,
    remedy,
  )
}

interface Terminal {
  readonly options: Options
  readonly output: Output
  readonly stop: Interruptible
}

async function replace(store: Store, source: Source, { options, output, stop }: Terminal): Promise<void> {
  const stored = await store.findFact('key_check')
  const keys = 'folder' in source ? keysInFolder(source.folder, stored) : source.given
  const state = replacementState(stored, keys)
  if (stored === null && options.database !== null) throw emptyDatabase()
  if (stored !== null && state === 'foreign') throw foreignTo(keys, stored)
  if (state === 'done') {
    throw new CommandFailed(
      EXIT.conflict,
      'key_replaced',
      'The database belongs to the next key already: nothing was changed.',
      'Give it to every server and command in place of the former one.',
    )
  }
  stop.assertGoingOn()
  let isBegun = state === 'begun'
  const replaced = await replaceMasterKey(keys, {
    store,
    clock: systemClock(),
    issuer: { resealSigningKey, resealedFacts: resealedDecryptionKeys },
    async untilNoticed() {
      isBegun = true
      const wait = NOTICED_MS[store.driver.dialect]
      for (let left = wait; left > 0; left -= 1_000) {
        output.progress(waiting(Math.ceil(left / 1_000))[output.language])
        await pause(Math.min(left, 1_000), undefined, { signal: stop.signal }).catch(() => {
          throw interrupted()
        })
      }
    },
    putInPlace() {
      if ('folder' in source) putInPlace(source.folder, keys)
    },
    progress: (done) => output.progress(sealing(done)[output.language]),
  }).catch((error: unknown) => {
    if (error instanceof ReplacementOvertaken) {
      const problem = 'Another run of this command was faster, or the database belongs to another key by now.'
      throw new CommandFailed(EXIT.conflict, 'overtaken', problem, 'See whether the server starts with the next key.')
    }
    if (error instanceof SealBroken && !isBegun) throw damaged(error, options)
    if (isBegun && !(error instanceof CommandFailed)) output.note(UNFINISHED[output.language])
    throw error
  })
  tell(output, source, keys, replaced, options)
}

const UNFINISHED: InBoth = {
  en: 'Nothing starts on the database until this has come to its end. Run the same command again: it goes on.',
  'zh-CN': '在更换完成之前，该数据库上不会启动任何服务器。请再次运行同一命令，它会继续。',
}

const waiting = (seconds: number): InBoth => ({
  en: `Waiting until everybody has noticed: ${seconds} s`,
  'zh-CN': `正在等待其他进程察觉：${seconds} 秒`,
})

const sealing = (done: number): InBoth => ({
  en: `Sealing anew: ${done} client secrets`,
  'zh-CN': `正在重新封装：客户端密钥 ${done} 个`,
})

function interrupted(): CommandFailed {
  return new CommandFailed(EXIT.failed, 'interrupted', `Stopped. ${UNFINISHED.en}`)
}

function damaged({ message }: SealBroken, options: Options): CommandFailed {
  const flags = flagsOf(options)
  return new CommandFailed(
    EXIT.failed,
    'seal_broken',
    `${message}. Nothing was changed.`,
    `A client gets another secret by ${tip('client rotate-secret CLIENT_ID', flags)}; a signing key is given up by ${tip('key revoke KEY_ID', flags)}. Then try again.`,
  )
}

const flagsOf = ({ database, data }: Options) => (database === null ? { data } : { database: true })

function tell(output: Output, source: Source, keys: Replacement, replaced: Replaced, options: Options): void {
  const { former, next } = keys
  const kept = 'folder' in source ? formerFile(source.folder, former) : null
  output.result({
    former_key: former.keyId,
    key: next.keyId,
    former_key_file: kept,
    signing_keys: replaced.signingKeys,
    client_secrets: replaced.clientSecrets,
  })
  output.say(said(source, kept, keys, replaced, flagsOf(options))[output.language])
}

function said(
  source: Source,
  kept: string | null,
  { former, next }: Replacement,
  { signingKeys, clientSecrets }: Replaced,
  flags: Flags,
): InBoth {
  const file = 'file' in source ? shellWord(source.file) : ''
  const [list, revoke, rotate] = [
    tip('key list', flags),
    tip('key revoke KEY_ID', flags),
    tip('client rotate-secret CLIENT_ID', flags),
  ]
  const english = [
    `The master key is another one now: ${next.keyId} in place of ${former.keyId}. Sealed anew: signing keys ${signingKeys}, client secrets ${clientSecrets}. Sessions and tokens go on.`,
    kept === null
      ? `Give every server and command the new key from ${file} in place of the former one, then start them.`
      : `The former key is in ${kept}. Backups made before that do not hold their key need it: keep it with them, and remove it here. Then start the server: ${tip('start', flags)}`,
    `Where somebody else may know the former key and have a copy of the database, they know the signing keys as well. Give these up after the start: ${list}, then ${revoke}. Weak client secrets can be guessed then: ${rotate}`,
  ]
  const chinese = [
    `主密钥已更换：${next.keyId} 取代 ${former.keyId}。已重新封装：签名密钥 ${signingKeys} 个，客户端密钥 ${clientSecrets} 个。会话和令牌照常有效。`,
    kept === null
      ? `请在所有服务器和命令中改用 ${file} 中的新密钥，然后启动它们。`
      : `原来的密钥在 ${kept}。此前不含主密钥的备份仍需要它：请与那些备份一起保存，并从这里移走。然后启动服务器：${tip('start', flags)}`,
    `如果可能有人既知道原来的密钥、又有数据库的副本，那么签名密钥也已泄露。请在启动后放弃它们：先 ${list}，再 ${revoke}。这时较弱的客户端密钥也可能被猜出，请更换：${rotate}`,
  ]
  return { en: english.join('\n\n'), 'zh-CN': chinese.join('\n\n') }
}
