// The person in front of the terminal: in which language a command speaks to them, and whether they sit at another machine.
// Programs read `--json`, which has one language.

import type { Environment } from './load.ts'

export type TerminalLanguage = 'zh-CN' | 'en'

export interface Surroundings {
  readonly env?: Environment
  readonly platform?: string
  /** The language that the operating system has been set to, asked for only when no variable tells. */
  readonly system?: () => string
}

const systemLocale = () => Intl.DateTimeFormat().resolvedOptions().locale

/**
 * LINGPAI_LANGUAGE; else the usual variables, the strongest first (POSIX, "Environment Variables"); without any of them what
 * Windows and macOS say, which keep their language elsewhere. A wrong LINGPAI_LANGUAGE is refused where options are read.
 */
export function terminalLanguage({
  env = process.env,
  platform = process.platform,
  system = systemLocale,
}: Surroundings = {}): TerminalLanguage {
  const chosen = env['LINGPAI_LANGUAGE']
  if (chosen === 'zh-CN' || chosen === 'en') return chosen
  const locale = [env['LC_ALL'], env['LC_MESSAGES'], env['LANG']].find((value) => value !== undefined && value !== '')
  if (locale !== undefined) return isReadableChinese(locale) ? 'zh-CN' : 'en'
  const asksSystem = platform === 'win32' || platform === 'darwin'
  return asksSystem && /^zh\b/i.test(system()) ? 'zh-CN' : 'en'
}

/** `zh_CN.UTF-8`. We write UTF-8: a terminal that expects another encoding of Chinese (`zh_CN.GB18030`) can read English only. */
function isReadableChinese(locale: string): boolean {
  const [, charset] = /^zh(?:[_-][^.@]*)?(?:\.([^@]*))?(?:@.*)?$/i.exec(locale) ?? ['', 'none']
  return charset === undefined || /^utf-?8$/i.test(charset)
}

/** How whoever is logged in by ssh (sshd sets SSH_CONNECTION: client, its port, server, its port) reaches this machine; null: nobody is. */
export function sshDestination(env: Environment = process.env): string | null {
  const [, , address, port] = (env['SSH_CONNECTION'] ?? '').split(' ')
  if (address === undefined || port === undefined || !/^[\da-f.:]+$/i.test(address) || !/^\d+$/.test(port)) return null
  const user = env['USER'] ?? ''
  return `${port === '22' ? '' : `-p ${port} `}${/^[\w.-]+$/.test(user) ? `${user}@` : ''}${address}`
}
