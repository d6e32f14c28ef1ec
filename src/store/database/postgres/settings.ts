// How a connection to PostgreSQL is opened: its address, verified TLS, and the settings that are made on it.

import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { ClientConfig } from 'pg'
import { readSmallFile } from '../../../platform/small-file.ts'
import { StoreUnavailable } from '../driver.ts'

/** What stands between this server and PostgreSQL. */
export type Pooler = 'none' | 'transaction'

export interface Timeouts {
  readonly connect: number
  readonly statement: number
  readonly lock: number
}

export function connectionConfig(url: string, timeouts: Timeouts): ClientConfig {
  return {
    connectionString: withVerifiedTls(url),
    application_name: 'lingpai',
    keepAlive: true,
    connectionTimeoutMillis: timeouts.connect,
    // The server's own time limit comes first; this one is for a server that says nothing any more.
    query_timeout: timeouts.statement + 2_000,
  }
}

const TLS_MODES = new Set(['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'])
/** Four times the size of all the authorities that a system trusts. */
const LARGEST_TLS_FILE = 1024 * 1024
/** Each throws for a file that does not hold what belongs there. */
const TLS_FILES = {
  // Node would take a file without any certificate for an empty list of authorities.
  sslrootcert: (pem: Buffer) => new X509Certificate(pem),
  sslcert: (pem: Buffer) => createSecureContext({ cert: pem }),
  sslkey: (pem: Buffer) => createSecureContext({ key: pem }),
} as const

/**
 * Whoever asks for TLS gets verified TLS: `prefer`, `require` and `verify-ca` mean `verify-full`, with the system's
 * authorities or those in the file `sslrootcert`. Encryption without verification is `no-verify`, and has to be asked
 * for by that name.
 */
function withVerifiedTls(address: string): string {
  // The text is not repeated: whatever it is, it may contain a password.
  if (!URL.canParse(address) || !/^(postgres(ql)?|socket):$/.test(new URL(address).protocol)) {
    throw new TypeError('url must be an address such as postgres://lingpai@db.internal/lingpai')
  }
  const url = new URL(address)
  const mode = url.searchParams.get('sslmode')
  if (mode !== null && !TLS_MODES.has(mode)) {
    throw new StoreUnavailable(`the database address has sslmode=${mode}; use verify-full, no-verify or disable`)
  }
  for (const [name, parse] of Object.entries(TLS_FILES)) {
    const file = url.searchParams.get(name)
    if (file === null) continue
    const place = `the file ${file} (${name} of the database address)`
    let pem: Buffer
    try {
      pem = readSmallFile(file, LARGEST_TLS_FILE)
    } catch (error) {
      const why = error instanceof Error && 'code' in error ? String(error.code) : 'it is too long'
      throw new StoreUnavailable(`${place} cannot be read: ${why}`)
    }
    try {
      parse(pem)
    } catch (cause) {
      throw new StoreUnavailable(`${place} holds no ${name === 'sslkey' ? 'private key' : 'certificate'} in PEM form`, {
        cause,
      })
    }
  }
  if (mode === null || mode === 'disable' || mode === 'no-verify' || mode === 'verify-full') return address
  url.searchParams.set('sslmode', 'verify-full')
  return url.href
}

/**
 * Sent first on each connection; what follows waits behind it in the same stream. Null behind a pooler that gives each
 * transaction whichever connection is free: a setting would be made for others, and not for our next transaction.
 */
export function connectionSettings(schema: string | undefined, timeouts: Timeouts, pooler: Pooler): string | null {
  if (pooler === 'transaction') return null
  const settings = [
    `SET statement_timeout = ${timeouts.statement}`,
    `SET lock_timeout = ${timeouts.lock}`,
    `SET idle_in_transaction_session_timeout = ${timeouts.statement}`,
    'SET bytea_output = hex',
    // A commit that has been answered must be durable, whatever the cluster's default is; stricter defaults stay.
    `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`,
    // Otherwise a plan from when a table had one page would be kept while it grows to thousands, until statistics come.
    // Relatives of PostgreSQL that say so of themselves plan in their own way, and may refuse the setting.
    `SELECT set_config(name, 'off', false) FROM pg_settings
     WHERE name IN ('enable_seqscan', 'jit') AND version() LIKE 'PostgreSQL %'`,
  ]
  if (schema !== undefined) settings.push(`SET search_path = ${quoted(schema)}`)
  return settings.join('; ')
}

export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}
