// What the terminal's environment says about the person in front of it.

import type { Environment } from './load.ts'

/** By the usual variables, the strongest first (POSIX, "Environment Variables"). */
export function speaksChinese(env: Environment = process.env): boolean {
  const locale = [env['LC_ALL'], env['LC_MESSAGES'], env['LANG']].find((value) => value !== undefined && value !== '')
  return locale !== undefined && /^zh/i.test(locale)
}
