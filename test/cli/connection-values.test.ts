// The values for 制作云's console, and what is said beside them when its servers cannot reach the addresses among them.

import { afterAll, describe, expect, test } from 'vitest'
import { lingpai, scratchFolder } from '../support/cli.ts'

const scratch = scratchFolder()
afterAll(() => scratch.remove())

const ZHIZUOYUN = ['client', 'add', '--preset', 'zhizuoyun', '--name', '制作云', '--client-id', 'tenant-a']
const NAMES = ['ClientId', 'ClientSecret', 'AuthorizationEndpoint', 'TokenEndpoint', 'UserInfoEndpoint', 'Scope']

async function onNewData(name: string, issuer: string) {
  const data = scratch.path(name)
  const run = async (...words: readonly string[]) => {
    const { code, stdout, stderr } = await lingpai([...words, '--data', data])
    expect(code).toBe(0)
    return { stdout, stderr }
  }
  return { data, run, added: await run(...ZHIZUOYUN, '--issuer', issuer) }
}

describe('an address that only this machine or network reaches', () => {
  test.each([
    ['http', 'http://localhost:4000'],
    ['tls', 'https://localhost'],
    ['private', 'https://192.168.1.7'],
    ['local', 'https://nas.local'],
    ['test', 'https://sso.test'],
  ])('%s: %s is warned of, the values stay', async (name, issuer) => {
    const { data, added } = await onNewData(name, issuer)
    const { stdout, stderr } = added
    expect(stderr).toMatch(/^Warning: 制作云 cannot reach /)
    expect(stderr).toContain(`cannot reach ${issuer}: its servers need a public https address`)
    expect(stderr).toContain(`"npx lingpai start --issuer https://sso.example.com --accept-new-issuer --data ${data}"`)
    expect(stdout).toContain('paste these values into its console once the address is public.')
    for (const value of NAMES) expect(stdout).toMatch(new RegExp(`^${value} +\\S+`, 'm'))
    expect(stdout).toContain(`${issuer}/sso/token`)
  })

  test('is warned of in JSON too, and whenever the values are printed again', async () => {
    const { run } = await onNewData('again', 'http://localhost:4000')
    const rotated = await run('client', 'rotate-secret', 'tenant-a', '--json')
    const values = JSON.parse(rotated.stdout) as Record<string, unknown>
    expect(values['warnings']).toEqual([expect.stringContaining('cannot reach http://localhost:4000:')])
    expect(values['TokenEndpoint']).toBe('http://localhost:4000/sso/token')
    expect(rotated.stderr).toMatch(/^Warning: 制作云 cannot reach /)
  })

  test('is fine for a client that runs beside this server', async () => {
    const { run } = await onNewData('beside', 'http://localhost:4000')
    const words = 'client add --preset openid-connect --name shop --redirect-uri http://localhost:8000/callback --json'
    const beside = await run(...words.split(' '))
    expect(beside.stderr).toBe('')
    expect(JSON.parse(beside.stdout)).not.toHaveProperty('warnings')
  })
})

describe('a name that an enabled client has already', () => {
  test('is warned of with the id of that client, and the second is made all the same', async () => {
    const { run } = await onNewData('twins', 'https://sso.example.com')
    const again = await run(...ZHIZUOYUN.slice(0, -1), 'tenant-b')
    expect(again.stderr).toMatch(/^Warning: 制作云 is also the name of an enabled client \(tenant-a\); [^\n]*\.\n$/)
    expect(again.stdout).toMatch(/^ClientId +tenant-b$/m)
    const shop = [
      'client',
      'add',
      '--preset',
      'openid-connect',
      '--redirect-uri',
      'https://client.test/callback',
      '--json',
    ]
    const third = JSON.parse((await run(...shop, '--name', '制作云')).stdout) as Record<string, unknown>
    expect(third['warnings']).toEqual([expect.stringContaining('an enabled client (tenant-a, tenant-b); this')])
    const listed = JSON.parse((await run('client', 'list', '--json')).stdout) as readonly object[]
    expect(listed).toHaveLength(3)

    // The command that it names takes away the new one alone.
    const [, command = ''] = /"npx lingpai (client remove \S+) --data /.exec(again.stderr) ?? []
    expect(command).toBe('client remove tenant-b')
    await run(...command.split(' '))
    await run('client', 'update', 'tenant-a', '--disable')
    await run('client', 'update', String(third['ClientId']), '--disable')
    const other = await run(...shop, '--name', '另一个')
    const alone = await run(...shop, '--name', '制作云')
    for (const { stdout, stderr } of [other, alone]) {
      expect(stderr).toBe('')
      expect(JSON.parse(stdout)).not.toHaveProperty('warnings')
    }
  })
})

test('of a public https address nothing is said', async () => {
  const { run, added } = await onNewData('public', 'https://sso.example.com')
  expect(added.stderr).toBe('')
  expect(added.stdout).toContain('制作云: paste these values into its console.\n')
  const rotated = await run('client', 'rotate-secret', 'tenant-a', '--json')
  expect(rotated.stderr).toBe('')
  expect(Object.keys(JSON.parse(rotated.stdout) as object)).toEqual([...NAMES, 'Callback'])
})

describe('an application of one’s own', () => {
  test('gets the issuer, by which its library finds the rest, and what its preset should be told of, in both languages', async () => {
    const { run, data } = await onNewData('own', 'https://sso.example.com')
    const words = [
      'client',
      'add',
      '--preset',
      'openid-connect',
      '--name',
      'Intranet',
      '--redirect-uri',
      'https://a.test/b',
    ]
    const { stdout } = await run(...words)
    expect(stdout).toMatch(
      /^Intranet: these values go into the configuration of the application\.\n\nIssuer +https:\/\/sso\.example\.com\n/,
    )
    expect(stdout).toContain('\n· A refresh token is issued for the scope offline_access only')
    expect(stdout).toContain('\n· To bring people back after a sign-out, register where: post_logout_redirect_uris=')
    const chinese = await lingpai([...words, '--data', data], { env: { LANG: 'zh_CN.UTF-8' } })
    expect(chinese.stdout).toContain('Intranet：请把下列各值填入应用的配置。')
    expect(chinese.stdout).toContain('\n· 仅在授予 offline_access 时签发刷新令牌')
    const values = JSON.parse((await run(...words, '--json')).stdout) as Record<string, unknown>
    expect(values['Issuer']).toBe('https://sso.example.com')
  })

  test('the console of 制作云 asks for no issuer', async () => {
    const { added } = await onNewData('none', 'https://sso.example.com')
    expect(added.stdout).toContain('paste these values into its console.')
    expect(added.stdout).not.toContain('Issuer')
    expect(added.stdout).toContain('\n· The phone number creates or binds the account in 制作云')
  })

  test('preset show tells the same', async () => {
    expect((await lingpai(['preset', 'show', 'spa'])).stdout).toContain('\n· It has no secret: ')
  })
})
