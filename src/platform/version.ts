// The version, as package.json has it; a build replaces the constant.

import { readFileSync } from 'node:fs'

declare const LINGPAI_VERSION: string | undefined

export const VERSION: string =
  typeof LINGPAI_VERSION === 'string'
    ? LINGPAI_VERSION
    : (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
