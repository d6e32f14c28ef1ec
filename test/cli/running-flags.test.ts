// Commands on the pages of a server act on that very server, wherever it keeps its data; and tell strangers nothing of where.

import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { greetingFlags, runningFlags } from '../../src/cli/running-flags.ts'
import { loadOptions, type OptionsInput } from '../../src/options/index.ts'
import { ADMINISTRATOR, openedBy } from '../administration/set-up/builders.ts'
import { lingpai, scratchFolder, spawnLingpai, startLingpai } from '../support/cli.ts'
import { readable, Visitor } from '../support/visitor.ts'

const scratch = scratchFolder()
afterAll(() => scratch.remove())

const URL_WITH_PASSWORD = 'postgres://lingpai:hunter2@db.internal/lingpai'

const flagsOf = async (input: OptionsInput) => runningFlags(await loadOptions({ env: {}, ...input }), 'linux')

describe('what commands end with', () => {
  test('nothing where a command finds the same by itself', async () => {
    expect(await flagsOf({})).toEqual({ operator: '', anybody: '' })
    expect(await flagsOf({ flags: { data: './data', endpointPrefix: '/sso' } })).toEqual({ operator: '', anybody: '' })
  })

  test.each([
    ['a flag', { flags: { data: '/srv/ling pai' } }],
    ['the environment', { env: { LINGPAI_DATA: '/srv/ling pai' } }],
  ])('the data folder that %s named, which strangers do not read', async (_, input) => {
    expect(await flagsOf(input)).toEqual({ operator: " --data '/srv/ling pai'", anybody: ' --data FOLDER' })
  })

  test.each([
    ['a flag', { flags: { database: URL_WITH_PASSWORD } }],
    ['the environment', { env: { LINGPAI_DATABASE: URL_WITH_PASSWORD } }],
  ])('the variable of the database that %s named, never its address', async (_, input) => {
    const flags = await flagsOf(input)
    expect(flags.operator).toBe(' --database "$LINGPAI_DATABASE"')
    expect(JSON.stringify(flags)).not.toMatch(/hunter2|internal/)
  })

  test('the file that names the database, its schema, and another prefix', async () => {
    const file = scratch.path('address')
    writeFileSync(file, URL_WITH_PASSWORD)
    const env = { LINGPAI_DATABASE_FILE: file, LINGPAI_DATABASE_SCHEMA: 'tenant_a', LINGPAI_ENDPOINT_PREFIX: '/login' }
    expect((await flagsOf({ env })).operator).toBe(
      ' --database-file "$LINGPAI_DATABASE_FILE" --database-schema tenant_a --endpoint-prefix /login',
    )
  })

  test('the configuration file, unless it is found by itself; what stands in it needs no flag', async () => {
    const data = scratch.path('with file')
    mkdirSync(data)
    for (const name of ['lingpai.yaml', 'other.yaml']) writeFileSync(`${data}/${name}`, 'brand: {productName: x}\n')
    expect((await flagsOf({ flags: { data } })).operator).toBe(` --data '${data}'`)
    writeFileSync(`${data}/other.yaml`, 'data: ./elsewhere\n')
    expect(await flagsOf({ file: `${data}/other.yaml` })).toEqual({
      operator: ` --config '${data}/other.yaml'`,
      anybody: ' --config FILE',
    })
  })

  test('in the way of PowerShell on Windows', async () => {
    const loaded = await loadOptions({ env: { LINGPAI_DATABASE: URL_WITH_PASSWORD } })
    expect(runningFlags(loaded, 'win32').operator).toBe(' --database "$env:LINGPAI_DATABASE"')
  })

  test('a command copied as it stands on a page for everybody acts on no other installation', async () => {
    const cwd = scratch.path('another installation')
    mkdirSync(cwd)
    await (await startLingpai([], { cwd })).stop()
    const asTold = ['setup-link', '--data', 'FOLDER']
    expect((await lingpai(asTold, { cwd })).stderr).toContain('There is no installation in')
    expect((await lingpai(['setup-link', '--database', ''], { cwd })).code).not.toBe(0)
    expect((await lingpai(['setup-link'], { cwd })).code).toBe(0)
  })
})

test('the pages of a server on another folder name it to the operator, and to nobody else', async () => {
  const data = scratch.path('elsewhere')
  const server = await startLingpai(['--data', data])
  try {
    const visitor = new Visitor()
    const { setupLink, issuer } = server
    const front = readable((await visitor.get(`${issuer}/`)).html)
    expect(front).toContain('npx lingpai setup-link --data FOLDER')
    expect(front).toContain('FOLDER is the data folder that this server was started with')
    const spent = readable((await visitor.get(`${issuer}/sso/set-up/${'x'.repeat(43)}`)).html)
    expect(spent).toContain('npx lingpai setup-link --data FOLDER')
    expect(front + spent).not.toContain(data)

    const address = await visitor.follow(
      await visitor.submit(await openedBy(visitor, setupLink ?? ''), 'continue', ADMINISTRATOR),
    )
    const other = await visitor.follow(await visitor.submit(address, 'check', { issuer: 'https://sso.invalid' }))
    expect(readable(other.html)).toContain(`npx lingpai setup-link --data ${data}`)
    expect(readable(other.html)).toContain(`npx lingpai start --trusted-proxies 127.0.0.1 --data ${data}`)
  } finally {
    await server.stop()
  }
})

test('the commands that a start prints work as they stand, whatever its configuration file says', async () => {
  const data = scratch.path('by a file')
  const key = scratch.path('kept apart.key')
  writeFileSync(key, Buffer.alloc(32, 7).toString('base64url'), { mode: 0o600 })
  const file = scratch.path('other.yaml')
  writeFileSync(file, `data: ${data}\nmasterKeyFile: ${key}\nport: 0\n`)
  const child = spawnLingpai(['start', '--config', file])
  let said = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  while (!said.includes('Ctrl+C')) await once(child.stdout ?? child, 'data')
  try {
    const [, copied = ''] = /To back it up: npx lingpai (.+)$/m.exec(said) ?? []
    expect(copied).toBe(`backup FILE --data '${data}' --config ${file}`)
    const backup = scratch.path('all.backup')
    const words = ['backup', backup, '--data', data]
    expect((await lingpai(words)).stderr).toContain('master.key does not exist')
    const copy = await lingpai([...words, '--config', file])
    expect([copy.code, copy.stdout]).toEqual([0, expect.stringContaining('is written and verified')])
  } finally {
    child.kill('SIGINT')
    await once(child, 'close')
  }
})

describe('what the commands of a start end with', () => {
  const greetingOf = async (input: OptionsInput) => greetingFlags(await loadOptions({ env: {}, ...input }), 'linux')

  test('the data folder in any case, as they may be typed elsewhere', async () => {
    expect(await greetingOf({ flags: { data: '/srv/lingpai' } })).toBe(' --data /srv/lingpai')
    expect(await greetingOf({})).toMatch(/^ --data \S+\/data$/)
  })

  test('the schema and the prefix, and no folder with PostgreSQL', async () => {
    const flags = { database: URL_WITH_PASSWORD, databaseSchema: 'tenant_a', endpointPrefix: '/login' }
    expect(await greetingOf({ flags })).toBe(
      ' --database "$LINGPAI_DATABASE" --database-schema tenant_a --endpoint-prefix /login',
    )
  })
})
