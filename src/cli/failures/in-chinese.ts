// What went wrong, in Chinese. Failures are told in English wherever they are met, and become Chinese here, at the terminal:
// sentence by sentence, from the tables beside this file. One that no table knows stays wholly in English.

import { AdministrationError } from '../../administration/errors.ts'
import { fileSentence, problemSentence } from '../../administration/set-up/row-words.ts'
import type { UserProblem, UserRefused } from '../../administration/users.ts'
import { type Flags, withTips } from '../flags.ts'
import { causeInChinese } from './causes-zh.ts'
import { COMMAND_HINTS, COMMAND_MESSAGES } from './commands-zh.ts'
import { KEY_HINTS, KEY_MESSAGES } from './keys-zh.ts'
import { optionInChinese } from './options-zh.ts'
import { translated } from './sentences.ts'
import { START_HINTS, START_MESSAGES } from './start-zh.ts'

const MESSAGES = [...START_MESSAGES, ...COMMAND_MESSAGES, ...KEY_MESSAGES]
const HINTS = [...START_HINTS, ...COMMAND_HINTS, ...KEY_HINTS]

/** Without the full stop that ends it. */
function bare(text: string): string {
  return text.trim().replace(/\.$/, '')
}

export interface Failure {
  readonly message: string
  readonly hint: string | null
}

/** What was thrown, and the flags of the command that met it. */
export interface Met {
  readonly error?: unknown
  readonly flags?: Flags
}

/** Null: not known, so that it is told in English as a whole. */
export function failureInChinese({ message, hint }: Failure, { error, flags = {} }: Met = {}): string | null {
  if (isUserRefused(error)) return userRefused(error, flags)
  const lines = message.split('\n').map((line) => bare(line))
  const said = lines.map((line) => translated(line, MESSAGES) ?? causeInChinese(line) ?? optionInChinese(line))
  const advice = hint === null ? '' : translated(bare(hint), HINTS)
  if (said.includes(null) || advice === null) return fileRefused(error)
  return `${said.join('\n      ')}${advice !== '' && said.length > 1 ? '\n      ' : ''}${advice}`
}

/** Known by what it holds: a start has no use for all that users need. */
function isUserRefused(error: unknown): error is UserRefused {
  return error instanceof AdministrationError && 'problems' in error
}

/** A file of people, as the set-up says it. */
function fileRefused(error: unknown): string | null {
  if (!(error instanceof AdministrationError)) return null
  const { message, hint } = error
  const sentence = fileSentence(error)['zh-CN']
  return sentence.includes(message) || (hint !== null && sentence.includes(hint)) ? null : `${sentence}。`
}

function userRefused({ problems }: UserRefused, flags: Flags): string | null {
  const said = problems.map(problemInChinese)
  return said.includes(null) ? null : withTips(said.join(''), flags)
}

function problemInChinese({ message, hint }: UserProblem): string | null {
  const whole = translated(message, COMMAND_MESSAGES)
  if (whole !== null) {
    const advice = hint === null ? '' : translated(hint, COMMAND_HINTS)
    return advice === null ? null : `${whole}${advice}`
  }
  const [, column = '', problem = ''] = /^(?:The )?(\S+) (.+)$/.exec(message) ?? []
  const sentence = problemSentence({ column, problem, ...(hint !== null && { hint }) })['zh-CN']
  return sentence.includes(problem) || (hint !== null && sentence.includes(hint)) ? null : `${sentence}。`
}
