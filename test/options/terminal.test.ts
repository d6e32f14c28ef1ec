// In which language a terminal is spoken to: what was chosen, then the usual variables by their strength, then the system.

import { expect, test } from 'vitest'
import { sshDestination, terminalLanguage } from '../../src/options/index.ts'

test.each([
  ['nothing', {}, 'en'],
  ['LANG', { LANG: 'zh_CN.UTF-8' }, 'zh-CN'],
  ['LANG without an encoding', { LANG: 'zh_CN' }, 'zh-CN'],
  ['LANG in capitals', { LANG: 'zh_CN.utf8@pinyin' }, 'zh-CN'],
  ['LANG of another encoding, in which we do not write', { LANG: 'zh_CN.GB18030' }, 'en'],
  ['LANG of another language', { LANG: 'de_DE.UTF-8' }, 'en'],
  ['LANG of a language that begins alike', { LANG: 'zhx_CN.UTF-8' }, 'en'],
  ['LC_MESSAGES before LANG', { LC_MESSAGES: 'zh_CN.UTF-8', LANG: 'en_US.UTF-8' }, 'zh-CN'],
  ['LC_ALL before both', { LC_ALL: 'C', LC_MESSAGES: 'zh_CN.UTF-8', LANG: 'zh_CN.UTF-8' }, 'en'],
  ['an empty variable is none', { LC_ALL: '', LANG: 'zh_CN.UTF-8' }, 'zh-CN'],
  ['English that was chosen', { LINGPAI_LANGUAGE: 'en', LC_ALL: 'zh_CN.UTF-8' }, 'en'],
  ['Chinese that was chosen', { LINGPAI_LANGUAGE: 'zh-CN', LC_ALL: 'C' }, 'zh-CN'],
  ['a choice that is none', { LINGPAI_LANGUAGE: 'fr', LANG: 'zh_CN.UTF-8' }, 'zh-CN'],
] as const)('%s', (_, env, expected) => {
  // On Linux the variables say it all.
  expect(terminalLanguage({ env, platform: 'linux', system: () => 'zh-CN' })).toBe(expected)
})

test.each(['win32', 'darwin'])('without any variable %s says what the system speaks', (platform) => {
  expect(terminalLanguage({ env: {}, platform, system: () => 'zh-Hans-CN' })).toBe('zh-CN')
  expect(terminalLanguage({ env: {}, platform, system: () => 'en-US' })).toBe('en')
  expect(terminalLanguage({ env: { LANG: 'en_US.UTF-8' }, platform, system: () => 'zh-Hans-CN' })).toBe('en')
})

test.each([
  ['nobody', {}, null],
  ['somebody', { SSH_CONNECTION: '198.51.100.7 51234 10.0.0.5 22', USER: 'ops' }, 'ops@10.0.0.5'],
  ['another port', { SSH_CONNECTION: '2001:db8::1 51234 2001:db8::5 2222', USER: 'ops' }, '-p 2222 ops@2001:db8::5'],
  ['no name', { SSH_CONNECTION: '198.51.100.7 51234 10.0.0.5 22' }, '10.0.0.5'],
  ['a name that a shell would read', { SSH_CONNECTION: '198.51.100.7 51234 10.0.0.5 22', USER: 'a;b' }, '10.0.0.5'],
  ['something else', { SSH_CONNECTION: 'yes' }, null],
  ['what no sshd writes', { SSH_CONNECTION: '1 2 $(id) 22' }, null],
] as const)('logged in by ssh: %s', (_, env, expected) => {
  expect(sshDestination(env)).toBe(expected)
})
