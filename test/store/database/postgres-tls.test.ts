// TLS to PostgreSQL: what is encrypted is also checked, unless somebody says otherwise.

import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { StoreUnavailable, statement } from '../../../src/store/database/driver.ts'
import { openPostgres } from '../../../src/store/database/postgres/postgres-driver.ts'
import { tryChild } from '../../faults/support/child.ts'
import { scratchFolder } from '../../support/cli.ts'
import { type OwnPostgres, startOwnPostgres } from '../../support/postgres-server.ts'

const scratch = scratchFolder()
const authority = scratch.path('authority.pem')
const stranger = scratch.path('stranger.pem')
const PLACE = 'localhost'
let postgres: OwnPostgres

/** A certificate that is its own authority; its server is called `name`. */
function certify(name: string, cert: string, key: string): void {
  const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name} -addext subjectAltName=DNS:${name} -keyout ${key} -out ${cert}`
  execFileSync('openssl', words.split(' '), { stdio: 'ignore' })
}

beforeAll(async () => {
  const key = scratch.path('key.pem')
  certify(PLACE, authority, key)
  certify('stranger.test', stranger, scratch.path('stranger-key.pem'))
  postgres = await startOwnPostgres({ maxConnections: 20, tls: { cert: authority, key } })
})
afterAll(async () => {
  await postgres.stop()
  scratch.remove()
})

function address(host: string, query: Record<string, string>): string {
  const url = new URL(postgres.url)
  url.hostname = host
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
  return url.href
}

const isEncrypted = statement<object, { encrypted: number }>(
  'is_encrypted',
  'SELECT CASE WHEN ssl THEN 1 ELSE 0 END AS encrypted FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
)

async function encrypted(url: string): Promise<boolean> {
  const driver = await openPostgres({ url })
  try {
    const [row] = await driver.rows(isEncrypted, {})
    return row?.encrypted === 1
  } finally {
    await driver.close()
  }
}

test.each(['require', 'prefer', 'verify-ca', 'verify-full'])(
  'sslmode=%s checks the certificate and the name, with sslrootcert as the authority',
  async (sslmode) => {
    expect(await encrypted(address(PLACE, { sslmode, sslrootcert: authority }))).toBe(true)
    const refusals = [
      [address(PLACE, { sslmode, sslrootcert: stranger }), /self-signed|unable to verify/],
      [address(PLACE, { sslmode }), /self-signed|unable to verify/],
      [address('127.0.0.1', { sslmode, sslrootcert: authority }), /IP: 127\.0\.0\.1 is not in the cert/],
    ] as const
    for (const [url, why] of refusals) {
      await expect(openPostgres({ url })).rejects.toBeInstanceOf(StoreUnavailable)
      await expect(openPostgres({ url })).rejects.toThrow(why)
    }
  },
)

test('sslmode=no-verify encrypts only, sslmode=disable and no sslmode do not encrypt', async () => {
  expect(await encrypted(address('127.0.0.1', { sslmode: 'no-verify' }))).toBe(true)
  expect(await encrypted(address('127.0.0.1', { sslmode: 'disable' }))).toBe(false)
  expect(await encrypted(address('127.0.0.1', {}))).toBe(false)
})

test('a mode that does not exist, and an authority that cannot be read, are named', async () => {
  await expect(openPostgres({ url: address(PLACE, { sslmode: 'verify' }) })).rejects.toThrow(
    /sslmode=verify; use verify-full/,
  )
  const missing = scratch.path('missing.pem')
  const refused = openPostgres({ url: address(PLACE, { sslmode: 'verify-full', sslrootcert: missing }) })
  await expect(refused).rejects.toThrow(/missing\.pem \(sslrootcert of the database address\) cannot be read: ENOENT/)
  const endless = openPostgres({ url: address(PLACE, { sslmode: 'verify-full', sslrootcert: '/dev/zero' }) })
  await expect(endless).rejects.toThrow(
    '/dev/zero (sslrootcert of the database address) cannot be read: it is too long',
  )
})

test.each([
  ['sslrootcert', 'certificate'],
  ['sslcert', 'certificate'],
  ['sslkey', 'private key'],
])('a file of %s that holds something else is named', async (name, what) => {
  const query = { sslmode: 'verify-full', sslrootcert: authority }
  const refused = openPostgres({ url: address(PLACE, { ...query, [name]: 'package.json' }) })
  await expect(refused).rejects.toBeInstanceOf(StoreUnavailable)
  await expect(refused).rejects.toThrow(
    `the file package.json (${name} of the database address) holds no ${what} in PEM form`,
  )
  // Positive twin: what the server knows nothing of is not asked for, and not refused.
  const pair = { sslcert: authority, sslkey: scratch.path('key.pem') }
  expect(await encrypted(address(PLACE, { ...query, ...pair }))).toBe(true)
})

test('a start that meets a certificate of an authority it does not know, or no file of one, names sslrootcert', async () => {
  const env = { LINGPAI_MASTER_KEY: Buffer.alloc(32, 11).toString('base64url') }
  const started = async (query: string) => {
    const end = await tryChild({ words: ['--database', `${postgres.url}?sslmode=verify-full${query}`], env })
    if (!('code' in end)) throw new Error('it has started')
    return end
  }
  const unknown = await started('')
  expect(unknown.code).toBe(5)
  expect(unknown.log).toMatch(/^Error: The database does not answer .*certificate.* See sslrootcert in the address/)
  const missing = await started('&sslrootcert=/none.pem')
  expect(missing.code).toBe(5)
  expect(missing.log).toBe(
    'Error: The file /none.pem (sslrootcert of the database address) cannot be read: no such file.\n',
  )
})
