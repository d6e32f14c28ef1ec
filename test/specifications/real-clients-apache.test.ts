// Apache with mod_auth_openidc, as Debian packages it, protects a site and sends its people to us to sign in.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { walk } from '../support/relying-party.ts'
import { startServer, TEST_SECRET, type TestServer } from '../support/server.ts'
import { Visitor } from '../support/visitor.ts'

const APACHE = '/usr/sbin/apache2'
const MODULES = '/usr/lib/apache2/modules'

const isInstalled = () => existsSync(APACHE) && existsSync(join(MODULES, 'mod_auth_openidc.so'))

/** Only as root on Debian: elsewhere it is not ours to install anything. */
function install(): void {
  if (isInstalled() || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const run = (...words: string[]) => execFileSync('/usr/bin/apt-get', words, { stdio: 'ignore', env })
  run('update')
  run('install', '-y', '--no-install-recommends', 'apache2-bin', 'libapache2-mod-auth-openidc')
}

let host: TestServer
let site: Site

interface Site {
  readonly origin: string
  log(): string
  stop(): Promise<void>
}

async function startApache(port: number, folder: string, issuer: string): Promise<Site> {
  const origin = `http://127.0.0.1:${port}`
  mkdirSync(join(folder, 'site', 'members'), { recursive: true })
  writeFileSync(join(folder, 'site', 'members', 'index.html'), '<p>for members')
  writeFileSync(join(folder, 'site', 'index.html'), '<p>for all')
  const load = (name: string) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`
  writeFileSync(
    join(folder, 'apache.conf'),
    [
      ...['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'dir', 'alias', 'headers', 'auth_openidc'].map(load),
      `ServerRoot ${folder}`,
      ...(process.getuid?.() === 0 ? ['User nobody', 'Group nogroup'] : []),
      `PidFile ${folder}/pid`,
      `ErrorLog ${folder}/error.log`,
      'LogLevel warn auth_openidc:info',
      `Listen 127.0.0.1:${port}`,
      `ServerName ${origin}`,
      `DocumentRoot ${folder}/site`,
      'DirectoryIndex index.html',
      `OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration`,
      'OIDCClientID apache',
      `OIDCClientSecret ${TEST_SECRET}`,
      `OIDCRedirectURI ${origin}/members/callback`,
      'OIDCCryptoPassphrase a-passphrase-for-tests-only',
      'OIDCScope "openid profile offline_access"',
      'OIDCPKCEMethod S256',
      'OIDCRemoteUserClaim sub',
      'OIDCCookieSameSite On',
      `OIDCDefaultLoggedOutURL ${origin}/`,
      '<Location /members>',
      'AuthType openid-connect',
      // Our visitor is no browser that says it navigates.
      'OIDCUnAuthAction auth true',
      'Require valid-user',
      'Header always set X-Person "expr=%{REMOTE_USER}"',
      'Header always set X-Name "%{OIDC_CLAIM_name}e"',
      '</Location>',
    ].join('\n'),
  )
  const apache: ChildProcess = spawn(APACHE, ['-f', join(folder, 'apache.conf'), '-D', 'FOREGROUND'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const log = () => (existsSync(join(folder, 'error.log')) ? readFileSync(join(folder, 'error.log'), 'utf8') : '')
  const stop = async () => {
    if (apache.exitCode === null && apache.kill()) await once(apache, 'exit')
  }
  for (let left = 100; left > 0; left--) {
    if (
      await fetch(origin).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return { origin, log, stop }
    if (apache.exitCode !== null) throw new Error(`Apache ended with ${apache.exitCode}: ${log()}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await stop()
  throw new Error(`Apache does not answer: ${log()}`)
}

install()

describe.skipIf(!isInstalled())('mod_auth_openidc', () => {
  let folder: string

  beforeAll(async () => {
    host = await startServer()
    await host.addUser('alice')
    folder = mkdtempSync(join(tmpdir(), 'lingpai-apache-'))
    chmodSync(folder, 0o755)
    // A client registers its address before Apache starts.
    const port = await freePort()
    const origin = `http://127.0.0.1:${port}`
    await host.addClient('apache', 'openid-connect', {
      redirect_uris: [`${origin}/members/callback`],
      post_logout_redirect_uris: [`${origin}/`],
    })
    site = await startApache(port, folder, host.issuer)
  }, 300_000)
  afterAll(async () => {
    await site?.stop()
    await host?.close()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  /** At the site's own page, signed in. */
  async function enter(visitor: Visitor): Promise<void> {
    const door = await visitor.get(`${site.origin}/members/`)
    expect(door.status, site.log()).toBe(302)
    const answer = await walk(visitor, door.location ?? '', 'alice')
    const inside = await visitor.follow(await visitor.get(answer.href))
    expect(inside.status, site.log()).toBe(200)
    expect(inside.html).toContain('for members')
    expect(inside.headers.get('x-person')).toBe('user-alice')
    expect(inside.headers.get('x-name')).toBe('Name of alice')
  }

  test('signs a person in, and knows who it is', async () => {
    const visitor = new Visitor()
    await enter(visitor)
    expect((await visitor.get(`${site.origin}/members/`)).status).toBe(200)
  })

  test('lets nobody in with an answer for another browser', async () => {
    const visitor = new Visitor()
    const door = await visitor.get(`${site.origin}/members/`)
    const answer = await walk(visitor, door.location ?? '', 'alice')
    const stranger = new Visitor()
    const refused = await stranger.get(answer.href)
    expect(refused.html).not.toContain('for members')
    expect((await stranger.get(`${site.origin}/members/`)).status).toBe(302)
    // The browser it was meant for gets in.
    expect((await visitor.follow(await visitor.get(answer.href))).html).toContain('for members')
  })

  test('signs a person out, here and there', async () => {
    const visitor = new Visitor()
    await enter(visitor)
    const out = await visitor.get(`${site.origin}/members/callback?logout=${encodeURIComponent(`${site.origin}/`)}`)
    expect(out.location).toContain(`${host.issuer}/sso/end-session?`)
    let page = await visitor.follow(await visitor.get(out.location ?? ''))
    if (page.html.includes('id="logout-confirm"')) {
      page = await visitor.follow(await visitor.submit(page, 'logout-confirm'))
    }
    expect(page.location ?? page.url).toBe(`${site.origin}/`)
    const again = await visitor.get(`${site.origin}/members/`)
    expect(again.status).toBe(302)
    expect((await visitor.follow(await visitor.get(again.location ?? ''))).html).toContain('id="login-submit"')
  })
})
