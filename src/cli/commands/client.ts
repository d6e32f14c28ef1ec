// lingpai client: applications that may sign people in.

import { basename } from 'node:path'
import { Command } from 'commander'
import { sameNamed, sameNameSaid } from '../../administration/client-twins.ts'
import {
  addClient,
  approveClient,
  type ClientWithSecret,
  getClient,
  listClients,
  removeClient,
  rotateClientSecret,
  type SettingsRequest,
  setClientEnabled,
  updateClient,
} from '../../administration/clients.ts'
import { isOutOfReach, valuesFor } from '../../administration/connection-values.ts'
import { presets } from '../../administration/presets/index.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import { settingsOf } from '../../model/client/settings.ts'
import { shellWord } from '../../platform/shell-word.ts'
import { readSmallFile } from '../../platform/small-file.ts'
import { ASYMMETRIC_ALGORITHMS } from '../../protocol/jwk.ts'
import {
  collect,
  type Flags,
  installationAction,
  installationCommand,
  list,
  text,
  tip,
  type Work,
  withTips,
} from '../command.ts'
import { type Installation, waitingForRestart } from '../installation.ts'
import { type InBoth, warned } from '../language.ts'
import { CommandFailed, EXIT, instant, type Output, table } from '../output.ts'
import { readNewSecret } from '../secret-input.ts'

export function clientCommand(exit: (code: number) => void): Command {
  const on = (command: Command, run: Work) => installationAction(command, exit, run, { adds: run === add })
  const settings = (command: Command) =>
    command
      .option('--name <name>', 'name shown to people')
      .option('--redirect-uri <uri>', 'where answers may be sent; repeat it for several', collect)
      .option(
        '--set <name=value>',
        'any setting of docs/reference/client-settings.md: dotted name, JSON or text, null to take it away; repeat it for several',
        collect,
      )
      .option('--logo-uri <url>', 'its picture; fetched now, and shown from our own address')
      .option('--logo-file <file>', 'its picture as a file: PNG, JPEG, WebP or GIF, at most 256 KiB')
      .option('--consent-declared', 'declare that people have consented otherwise (for consent=implied)')
  const secrets = (command: Command) =>
    command
      .option('--client-secret <secret>', 'a secret of your own (better: --client-secret-stdin)')
      .option('--client-secret-stdin', 'read the secret from standard input')
      .option('--accept-weak-secret', 'accept a secret of less than 32 characters')

  return new Command('client')
    .description('applications that may sign people in')
    .addCommand(
      on(
        secrets(
          settings(
            installationCommand('add', 'add a client and print the values to paste into its console')
              .requiredOption('--preset <preset>', 'zhizuoyun, openid-connect, generic-oauth2, spa or native')
              .option('--client-id <id>', 'an id of your own; it is made otherwise'),
          ),
        ),
        add,
      ),
    )
    .addCommand(on(installationCommand('list', 'all clients'), listAll))
    .addCommand(on(installationCommand('show', 'one client with all its settings').argument('<client-id>'), show))
    .addCommand(
      on(
        settings(installationCommand('update', 'change settings; takes effect at once').argument('<client-id>'))
          .option('--disable', 'refuse the client, and end everything issued to it')
          .option('--enable', 'let a disabled client work again'),
        update,
      ),
    )
    .addCommand(
      on(
        secrets(
          installationCommand('rotate-secret', 'make a new secret; the former one is refused at once').argument(
            '<client-id>',
          ),
        ),
        rotate,
      ),
    )
    .addCommand(
      on(installationCommand('approve', 'trust a client that registered itself').argument('<client-id>'), approve),
    )
    .addCommand(
      on(
        installationCommand('remove', 'remove a client; its id is never given out again').argument('<client-id>'),
        remove,
      ),
    )
}

function settingsRequest(flags: Flags): SettingsRequest {
  const name = text(flags['name'])
  const redirectUris = list(flags['redirectUri'])
  const logoUri = text(flags['logoUri'])
  const assignments = [
    ...(list(flags['set']) ?? []),
    ...(logoUri === undefined ? [] : [`logo_uri=${JSON.stringify(logoUri)}`]),
  ]
  const logoFile = text(flags['logoFile'])
  return {
    ...(name !== undefined && { name }),
    ...(redirectUris !== undefined && { redirectUris }),
    ...(assignments.length > 0 && { assignments }),
    ...(logoFile !== undefined && { logoFile: { name: basename(logoFile), content: readPictureFile(logoFile) } }),
    consentDeclared: flags['consentDeclared'] === true,
  }
}

/**
 * Bytes. More than a picture may have, so that one which is too large is read, and refused by the check that names the
 * real limit.
 */
const LARGEST_PICTURE_FILE = 8 * 1024 * 1024

function readPictureFile(file: string): Uint8Array {
  try {
    return readSmallFile(file, LARGEST_PICTURE_FILE)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CommandFailed(EXIT.usage, 'unreadable_file', `The picture ${file} (--logo-file) cannot be read: ${why}.`)
  }
}

async function secretRequest(flags: Flags): Promise<{ clientSecret?: string; acceptWeakSecret: boolean }> {
  const given = flags['clientSecretStdin'] === true ? await readNewSecret('client secret') : text(flags['clientSecret'])
  return {
    ...(given !== undefined && { clientSecret: given }),
    acceptWeakSecret: flags['acceptWeakSecret'] === true,
  }
}

const add: Work = async (installation, output, flags) => {
  const clientId = text(flags['clientId'])
  const made = await addClient(installation, {
    preset: text(flags['preset']) ?? '',
    ...(clientId !== undefined && { clientId }),
    ...(await secretRequest(flags)),
    ...settingsRequest(flags),
  })
  const { client } = made.record
  const twins = sameNamed(await listClients(installation.store), client)
  const same = sameNameSaid(client, twins)
  const warnings = [...made.warnings, ...(twins.length === 0 ? [] : [tipped(same, flags)])]
  await tellValues(installation, output, { ...made, warnings }, flags)
  const { notes = [] } = presets.find(({ name }) => name === client.preset) ?? {}
  if (notes.length > 0) {
    const change = tip(`client update ${shellWord(client.client_id)} --set NAME=VALUE`, flags)
    const settings: InBoth = { en: `Settings are changed by: ${change}`, 'zh-CN': `更改设置：${change}` }
    output.say(`\n${notes.map((note) => `· ${note[output.language]}`).join('\n')}\n\n${settings[output.language]}`)
  }
  // Nobody signs in for a client without the code flow, so there is nothing to rehearse.
  if (!client.grant_types.includes('authorization_code')) return
  output.say('')
  const rehearse = tip(`rehearse ${shellWord(client.client_id)} --user USERNAME`, flags)
  const words: InBoth = {
    en: `Try it before anybody else does: ${rehearse}`,
    'zh-CN': `在别人登录之前先演练一次：${rehearse}`,
  }
  output.say(words[output.language])
}

function tipped(words: InBoth, flags: Flags): InBoth {
  return { en: withTips(words.en, flags), 'zh-CN': withTips(words['zh-CN'], flags) }
}

/** A warning and no refusal, because the server may have been started with options that this command does not see. */
function warnOfSignatures({ keys }: Installation['options'], { client }: ClientRecord, output: Output): void {
  for (const [name, value] of Object.entries(settingsOf(client))) {
    const algorithm = name.endsWith('_signed_response_alg')
      ? ASYMMETRIC_ALGORITHMS.find((each) => each === value)
      : undefined
    // The algorithm for introspection is set by default, also for clients that never ask for a signed answer: no reason for
    // a warning.
    if (algorithm === undefined || name.startsWith('introspection') || keys.algorithms.includes(algorithm)) continue
    output.note(
      `Warning: ${name} is ${algorithm}, with which this installation does not sign: keys.algorithms has ${keys.algorithms.join(', ')}.`,
    )
  }
}

/** A warning that is not translated is shown in English. */
type Told = Omit<ClientWithSecret, 'warnings'> & { readonly warnings: readonly (string | InBoth)[] }

/**
 * For an application: the six values under the names that 制作云's console uses, and the callback. For a
 * device without a browser, or a machine-to-machine client: the values that it needs.
 */
async function tellValues(
  installation: Installation,
  output: Output,
  { record, secret, warnings: others }: Told,
  flags: Flags,
): Promise<void> {
  const { addresses, options } = installation
  const values = valuesFor(record.client, secret, addresses.issuer, options.endpointPrefix)
  const isLater = isOutOfReach(record.client, addresses.issuer)
  const waiting = await waitingForRestart(installation)
  const warnings: readonly (string | InBoth)[] = [
    ...others,
    ...(isLater ? [outOfReach(addresses.issuer, flags)] : []),
    ...(waiting === null ? [] : [waiting]),
  ]
  const { language } = output
  for (const each of warnings) output.note(typeof each === 'string' ? `Warning: ${each}.` : warned(each, language))
  warnOfSignatures(options, record, output)
  output.result({
    ...values,
    ...(warnings.length > 0 && { warnings: warnings.map((each) => (typeof each === 'string' ? each : each.en)) }),
  })
  const rows = Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== null)
  const where = record.client.preset !== 'zhizuoyun' ? CONFIGURE : isLater ? PASTE_LATER : PASTE
  output.say(`${record.client.client_name}${where[language]}\n`)
  output.say(table(rows.map(([name, value]) => [name, value])))
  if (secret !== null) output.say(`\n${SHOWN_ONCE[language]}`)
}

const PASTE: InBoth = {
  en: ': paste these values into its console.',
  'zh-CN': '：请把下列各值填入其控制台。',
}
const CONFIGURE: InBoth = {
  en: ': these values go into the configuration of the application.',
  'zh-CN': '：请把下列各值填入应用的配置。',
}
const PASTE_LATER: InBoth = {
  en: ': paste these values into its console once the address is public.',
  'zh-CN': '：有了公网地址之后，请把下列各值填入其控制台。',
}
const SHOWN_ONCE: InBoth = {
  en: 'The secret is shown this once. Only its digest is kept.',
  'zh-CN': '密钥只显示这一次，服务器只保存它的摘要。',
}

function outOfReach(issuer: string, flags: Flags): InBoth {
  const start = tip('start --issuer https://sso.example.com --accept-new-issuer', flags)
  return {
    en: `制作云 cannot reach ${issuer}: its servers need a public https address. Set it first, by starting the server with it (behind a proxy with --trusted-proxies too): "${start}". Then only the three addresses change; ClientId and ClientSecret stay`,
    'zh-CN': `制作云无法访问 ${issuer}：其服务器需要公网 https 地址。请先设置公网地址，即以它启动服务器（在代理之后还要加上 --trusted-proxies）：“${start}”。届时只有三个端点地址会变，ClientId 与 ClientSecret 不变`,
  }
}

const listAll: Work = async ({ store }, output, flags) => {
  const clients = await listClients(store)
  output.result(clients.map(plain))
  if (clients.length === 0) {
    output.say(`There are no clients yet. Add one: ${tip('client add --preset zhizuoyun --name 制作云', flags)}`)
    return
  }
  const rows = clients.map(({ client, enabled }) => [
    client.client_id,
    client.client_name,
    client.preset,
    `${enabled ? 'enabled' : 'disabled'}${client.verified ? '' : ', unverified'}`,
  ])
  output.say(table([['CLIENT ID', 'NAME', 'PRESET', 'STATE'], ...rows]))
}

const show: Work = async ({ store }, output, _, [clientId = '']) => {
  const record = await getClient(store, clientId)
  const pkce = await pkceUse(store, record)
  output.result({ ...plain(record), recent_sign_ins: pkce })
  output.say(
    table(
      Object.entries(plain(record)).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
  )
  output.say(`\n${pkce.advice}`)
}

/** Whether the operator may require PKCE without turning this client away: tells how many of its recent sign-ins sent it. */
async function pkceUse(store: Installation['store'], { client }: ClientRecord) {
  const traces = await store.listTraces(200, client.client_id)
  const asked = traces.filter(({ endpoint }) => endpoint === 'authorize')
  const sent = asked.filter(({ record }) => record.includes('"code_challenge"')).length
  const advice =
    asked.length === 0
      ? 'No recent sign-in has been seen, so nothing can be said about PKCE.'
      : sent === asked.length && client.authorize.pkce !== 'required'
        ? `All ${sent} recent sign-ins sent PKCE: it can be required (--set authorize.pkce=required).`
        : `${sent} of ${asked.length} recent sign-ins sent PKCE.`
  return { authorization_requests: asked.length, with_pkce: sent, advice }
}

const update: Work = async (installation, output, flags, [clientId = '']) => {
  if (flags['enable'] === true && flags['disable'] === true) {
    throw new CommandFailed(EXIT.usage, 'contradiction', '--enable and --disable contradict each other.')
  }
  const { consentDeclared, ...changes } = settingsRequest(flags)
  const hasChanges = Object.keys(changes).length > 0 || consentDeclared === true
  const hasState = flags['enable'] === true || flags['disable'] === true
  if (!hasChanges && !hasState) {
    throw new CommandFailed(
      EXIT.usage,
      'nothing_to_change',
      'Nothing to change was given.',
      'For example: --set authorize.pkce=required',
    )
  }
  const made = hasChanges ? await updateClient(installation, clientId, settingsRequest(flags)) : null
  if (hasState) await setClientEnabled(installation, clientId, flags['enable'] === true)
  const record = await getClient(installation.store, clientId)
  if (made !== null && made.secret !== null) {
    await tellValues(installation, output, { ...made, record }, flags)
    return
  }
  for (const warning of made?.warnings ?? []) output.note(`Warning: ${warning}.`)
  warnOfSignatures(installation.options, record, output)
  output.result(plain(record))
  output.say(`${record.client.client_name} (${clientId}) is changed${record.enabled ? '' : ' and disabled'}.`)
}

const rotate: Work = async (installation, output, flags, [clientId = '']) => {
  const made = await rotateClientSecret(installation, clientId, await secretRequest(flags))
  await tellValues(installation, output, made, flags)
}

const approve: Work = async (installation, output, _, [clientId = '']) => {
  const record = await approveClient(installation, clientId)
  output.result(plain(record))
  output.say(`${record.client.client_name} (${clientId}) is approved. If it changes itself, it must be approved anew.`)
}

const remove: Work = async (installation, output, _, [clientId = '']) => {
  await removeClient(installation, clientId)
  output.result({ removed: clientId })
  output.say(`The client ${clientId} is removed; everything issued to it is void.`)
}

function plain({ client, enabled, version, createdAt, updatedAt }: ClientRecord): Readonly<Record<string, unknown>> {
  return {
    client_id: client.client_id,
    preset: client.preset,
    enabled,
    ...settingsOf(client),
    version,
    created_at: instant(createdAt),
    updated_at: instant(updatedAt),
  }
}
