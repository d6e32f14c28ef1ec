// lingpai resource: APIs that access tokens are meant for.

import { Command } from 'commander'
import {
  addResource,
  getResource,
  removeResource,
  setResourceEnabled,
  updateResource,
} from '../../administration/resources.ts'
import { RESOURCE_SETTINGS, type ResourceRecord } from '../../model/resource.ts'
import { shellWord } from '../../platform/shell-word.ts'
import { collect, type Flags, installationAction, installationCommand, list, text, tip, type Work } from '../command.ts'
import { CommandFailed, EXIT, instant, type Output, table } from '../output.ts'

export function resourceCommand(exit: (code: number) => void): Command {
  const on = (command: Command, run: Work) => installationAction(command, exit, run, { adds: run === add })
  const settings = (command: Command) =>
    command
      .option('--name <name>', 'name shown to people on the consent page')
      .option('--set <name=value>', 'any setting; repeat it for several', collect)
      .addHelpText('after', `\nSettings:\n${settingsHelp()}`)
  const one = (name: string, description: string) =>
    installationCommand(name, description).argument('<identifier>', 'the URI that clients send as resource')

  return new Command('resource')
    .description('APIs that access tokens are meant for')
    .addCommand(on(settings(one('add', 'add a resource')), add))
    .addCommand(on(installationCommand('list', 'all resources'), listAll))
    .addCommand(on(one('show', 'one resource with all its settings'), show))
    .addCommand(on(settings(one('update', 'change settings; takes effect with the next token')), update))
    .addCommand(on(one('disable', 'refuse the resource, and end the tokens for it'), disable))
    .addCommand(on(one('enable', 'let a disabled resource be asked for again'), enable))
    .addCommand(on(one('remove', 'remove a resource; tokens for it end'), remove))
}

function settingsHelp(): string {
  return RESOURCE_SETTINGS.map(({ name, kind, en }) => `  ${name.padEnd(17)}${kind.describes}. ${en}`).join('\n')
}

function assignmentsOf(flags: Flags): readonly string[] {
  const name = text(flags['name'])
  return [...(name === undefined ? [] : [`name=${name}`]), ...(list(flags['set']) ?? [])]
}

const add: Work = async (installation, output, flags, [identifier = '']) => {
  const record = await addResource(installation, identifier, assignmentsOf(flags))
  output.result(plain(record))
  const { resource } = record
  output.say(`${resource.name} (${resource.identifier}) is added.`)
  if (resource.clients === 'all') {
    output.say('Every client may ask for it; the person decides.')
    return
  }
  const tips = `client update CLIENT_ID --set ${shellWord(`resources=["${resource.identifier}"]`)}`
  output.say(`No client may ask for it yet. Let one: ${tip(tips, flags)}`)
}

const listAll: Work = async ({ store }, output, flags) => {
  const resources = await store.listResources()
  output.result(resources.map(plain))
  if (resources.length === 0) {
    output.say(`There are no resources yet. Add one: ${tip('resource add https://api.example.com', flags)}`)
    return
  }
  const rows = resources.map(({ resource, enabled }) => [
    resource.identifier,
    resource.name,
    resource.tokenFormat,
    resource.clients,
    enabled ? 'enabled' : 'disabled',
  ])
  output.say(table([['IDENTIFIER', 'NAME', 'TOKENS', 'CLIENTS', 'STATE'], ...rows]))
}

const show: Work = async ({ store }, output, _, [identifier = '']) => {
  const record = await getResource(store, identifier)
  output.result(plain(record))
  output.say(table(Object.entries(plain(record)).map(([name, value]) => [name, value === null ? '–' : String(value)])))
}

const update: Work = async (installation, output, flags, [identifier = '']) => {
  const assignments = assignmentsOf(flags)
  if (assignments.length === 0) {
    throw new CommandFailed(
      EXIT.usage,
      'nothing_to_change',
      'Nothing to change was given.',
      'For example: --set tokenFormat=jwt',
    )
  }
  changed(output, await updateResource(installation, identifier, assignments))
}

const enable: Work = async (installation, output, _, [identifier = '']) =>
  changed(output, await setResourceEnabled(installation, identifier, true))

const disable: Work = async (installation, output, _, [identifier = '']) =>
  changed(output, await setResourceEnabled(installation, identifier, false))

function changed(output: Output, record: ResourceRecord): void {
  const { name, identifier } = record.resource
  output.result(plain(record))
  output.say(`${name} (${identifier}) is changed${record.enabled ? '' : ' and disabled'}.`)
}

const remove: Work = async (installation, output, _, [identifier = '']) => {
  await removeResource(installation, identifier)
  output.result({ removed: identifier })
  output.say(`The resource ${identifier} is removed; introspection calls every token for it inactive.`)
}

function plain({ resource, enabled, version, createdAt, updatedAt }: ResourceRecord) {
  return {
    identifier: resource.identifier,
    enabled,
    ...Object.fromEntries(RESOURCE_SETTINGS.map(({ name }) => [name, resource[name]])),
    version,
    created_at: instant(createdAt),
    updated_at: instant(updatedAt),
  }
}
