// Options that are right one by one and wrong together.

import { defaultIssuer, isLoopback } from './issuer.ts'
import { OptionsError, placeText, type Source, type Sources } from './problem.ts'
import { flagOf } from './row.ts'
import type { OptionKey, Options } from './table.ts'
import type { OptionsFile } from './yaml-file.ts'

export function contradictions(options: Options, sources: Sources, file: OptionsFile | null): readonly string[] {
  const problems: string[] = []
  const place = (key: OptionKey) => placeText(sources.get(key) ?? ({ kind: 'default' } satisfies Source))
  const isSet = (key: OptionKey) => (sources.get(key)?.kind ?? 'default') !== 'default'

  if ((options.tlsCert === null) !== (options.tlsKey === null)) {
    const [has, lacks]: [OptionKey, OptionKey] = options.tlsKey === null ? ['tlsCert', 'tlsKey'] : ['tlsKey', 'tlsCert']
    problems.push(`${place(has)} is set without ${lacks} (${flagOf(lacks)}); TLS needs both`)
  }
  if (options.masterKey !== null && options.masterKeyFile !== null) {
    problems.push(`${place('masterKey')} and ${place('masterKeyFile')} are both set; set only one of them`)
  }
  if (options.issuer !== null) problems.push(...issuerProblems(options, options.issuer, place))
  if (options.metricsPort !== null && options.metricsPort !== 0 && options.metricsPort === options.port) {
    problems.push(`${place('metricsPort')} is also the port of the server; metrics need one of their own`)
  }
  if (isSet('metricsHost') && options.metricsPort === null) {
    problems.push(`${place('metricsHost')} is set without metricsPort (${flagOf('metricsPort')}); no metrics are told`)
  }
  if (options.databaseSchema !== null && options.database === null) {
    problems.push(`${place('databaseSchema')} is set without database; SQLite has no schemas`)
  }
  if (options.workers > 1 && options.database === null) {
    problems.push(
      `${place('workers')} is above 1 without database; SQLite lets one process write at a time, so a second one would only wait for the first: use PostgreSQL, or one worker`,
    )
  }
  if (options.databasePooler !== 'none' && options.database === null) {
    problems.push(`${place('databasePooler')} is set without database; nothing stands before SQLite`)
  }
  if (options.brand.gonganCode !== null && options.brand.gongan === null) {
    problems.push(`${place('brand.gonganCode')} is set without brand.gongan, the text of its link`)
  }
  if (options.brand.gongan !== null && options.brand.gonganCode === null && !/\d/.test(options.brand.gongan)) {
    problems.push(`${place('brand.gongan')} holds no number; set brand.gonganCode to the record code of its link`)
  }
  const { lifetimes } = options
  const longer = (one: OptionKey, other: OptionKey, why: string) =>
    problems.push(`${place(isSet(one) ? one : other)}: ${one} is longer than ${other}; ${why}`)
  // Only a value that somebody has set is a mistake. A default that is longer than a shortened limit is simply ended by the
  // limit.
  if (isSet('lifetimes.refreshIdle') && lifetimes.refreshIdle > lifetimes.refreshAbsolute) {
    longer('lifetimes.refreshIdle', 'lifetimes.refreshAbsolute', 'it would never take effect')
  }
  if (isSet('lifetimes.sessionIdle') && lifetimes.sessionIdle > lifetimes.sessionAbsolute) {
    longer('lifetimes.sessionIdle', 'lifetimes.sessionAbsolute', 'it would never take effect')
  }
  if (lifetimes.jwksMaxAge > lifetimes.keyPublishAhead) {
    longer(
      'lifetimes.jwksMaxAge',
      'lifetimes.keyPublishAhead',
      'clients would meet signatures of keys they do not know yet',
    )
  }
  if (options.keys.rotateEvery !== 0 && options.keys.rotateEvery < 2 * lifetimes.keyPublishAhead) {
    problems.push(
      `${place(isSet('keys.rotateEvery') ? 'keys.rotateEvery' : 'lifetimes.keyPublishAhead')}: keys.rotateEvery is shorter than twice lifetimes.keyPublishAhead; a key must sign for longer than the next one waits`,
    )
  }
  // A file found in the data folder by itself must not lead to another data folder.
  if (sources.get('data')?.kind === 'file' && file?.isInData === true && file.folder !== options.data) {
    problems.push(`${place('data')} names another folder than the one this file was found in; give --data or --config`)
  }
  return problems
}

function issuerProblems(options: Options, issuer: string, place: (key: OptionKey) => string): readonly string[] {
  const url = new URL(issuer)
  if (url.protocol === 'https:') return []
  if (options.tlsCert !== null) {
    return [`${place('issuer')} begins with http:// although tlsCert is set; make it https://${url.host}`]
  }
  if (isLoopback(url.hostname) || options.trustedProxies.length > 0) return []
  return [
    `${place('issuer')}: ${issuer} would send passwords and tokens unencrypted over the network; use https:// with tlsCert and tlsKey, or with trustedProxies behind a proxy that speaks TLS`,
  ]
}

/**
 * What a server, unlike a command that only works on its data, cannot run with. `issuer` is the effective one.
 * Throws `OptionsError`.
 */
export function assertServable(options: Options, issuer: string): void {
  const problems = [...issuerProblems(options, issuer, () => 'issuer')]
  if (issuer.startsWith('https:') && options.tlsCert === null && options.trustedProxies.length === 0) {
    const proxied = 'list the proxy that does in trustedProxies (--trusted-proxies 127.0.0.1)'
    problems.push(
      options.issuer === null
        ? `issuer: the stored ${issuer} needs TLS, and nothing here speaks it; set tlsCert and tlsKey, ${proxied}, or go back to trials on this machine alone (--issuer ${hereFor(options)} --accept-new-issuer)`
        : `issuer: ${issuer} needs TLS, and nothing here speaks it; set tlsCert and tlsKey, or ${proxied}`,
    )
  }
  if (options.database !== null && options.masterKey === null && options.masterKeyFile === null) {
    problems.push(
      'database: with PostgreSQL the master key must be given to every node: set LINGPAI_MASTER_KEY or LINGPAI_MASTER_KEY_FILE',
    )
  }
  if (problems.length > 0) throw new OptionsError(problems)
}

function hereFor({ port }: Options): string {
  return port === 0 ? 'http://localhost:PORT' : defaultIssuer(port, false)
}
