// The certificate of the listening socket: read from files, and read again when they are renewed.

import { X509Certificate } from 'node:crypto'
import { unwatchFile, watchFile } from 'node:fs'
import type { Server as TlsServer } from 'node:https'
import { createSecureContext } from 'node:tls'
import type { Log } from '../../platform/log.ts'
import { readSmallFile } from '../../platform/small-file.ts'
import { describeFailure } from '../failures.ts'
import { CannotListen } from './cannot-listen.ts'

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

export interface Certificate {
  readonly files: CertificateFiles
  readonly pair: { readonly cert: Buffer; readonly key: Buffer }
  /** Seconds since 1970. */
  readonly expiresAt: number
}

export interface RenewedCertificate {
  /** Of the certificate in use: seconds since 1970. */
  expiresAt(): number
  stop(): void
}

const CHECK_MS = 5_000
/** Bytes. */
const LARGEST_PEM = 1024 * 1024

/** Throws `CannotListen`. */
export function readCertificate(files: CertificateFiles): Certificate {
  try {
    const pair = { cert: readSmallFile(files.cert, LARGEST_PEM), key: readSmallFile(files.key, LARGEST_PEM) }
    createSecureContext(pair)
    return { files, pair, expiresAt: Math.floor(new X509Certificate(pair.cert).validToDate.getTime() / 1000) }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw new CannotListen(`The certificate ${files.cert} and key ${files.key} cannot be used (${code}).`, {
      cause: error,
    })
  }
}

/**
 * On SIGHUP, and when a file changes. If the two do not belong together, because only one has been written yet, the old
 * certificate stays in use.
 */
export function renewCertificate(server: TlsServer, first: Certificate, log: Log): RenewedCertificate {
  const { files } = first
  let { expiresAt } = first
  const renew = () => {
    try {
      const renewed = readCertificate(files)
      server.setSecureContext(renewed.pair)
      expiresAt = renewed.expiresAt
      log.info('The TLS certificate was read again', { certificate: files.cert })
    } catch (error) {
      const why = error instanceof CannotListen ? { reason: error.message } : describeFailure(error)
      log.error('The TLS certificate cannot be read again; the old one stays in use', why)
    }
  }
  process.on('SIGHUP', renew)
  const watched = [files.cert, files.key]
  for (const file of watched) watchFile(file, { persistent: false, interval: CHECK_MS }, renew)
  return {
    expiresAt: () => expiresAt,
    stop() {
      process.off('SIGHUP', renew)
      for (const file of watched) unwatchFile(file, renew)
    },
  }
}
