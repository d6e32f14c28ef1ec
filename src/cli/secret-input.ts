// Secrets from standard input: the first line of what is piped in, or typed at a terminal without being shown.

import type { Readable } from 'node:stream'
import { terminalLanguage } from '../options/index.ts'
import { CommandFailed, EXIT } from './output.ts'

const LONGEST_SECRET = 4_096

type Input = Readable & { isTTY?: boolean; setRawMode?(on: boolean): unknown }

/** `what` names it in the question and in errors: `password`. */
export async function readSecret(what: string, input: Input = process.stdin): Promise<string> {
  return input.isTTY === true ? await typed(what, input, [asking(what)]) : given(what, await piped(what, input))
}

/**
 * Reads a secret that is to be set. At a terminal it is asked for twice, because what is typed is not shown, and a slip
 * would not be noticed.
 */
export async function readNewSecret(what: string, input: Input = process.stdin): Promise<string> {
  if (input.isTTY !== true) return await readSecret(what, input)
  return await typed(what, input, [asking(what), askingAgain(what)])
}

function given(what: string, secret: string): string {
  if (secret !== '') return secret
  throw new CommandFailed(
    EXIT.usage,
    'input_missing',
    `No ${what} came on standard input.`,
    `For example: printf '%s' "$VALUE" | npx lingpai …`,
  )
}

async function piped(what: string, input: Input): Promise<string> {
  let text = ''
  for await (const chunk of input.setEncoding('utf8')) {
    text += String(chunk)
    const end = text.search(/[\r\n]/)
    if (end !== -1) return bounded(what, text.slice(0, end))
    bounded(what, text)
  }
  return text
}

/** Reads from the terminal in raw mode, so that nothing is shown. Then Ctrl+C, Ctrl+D and backspace have to be handled here. */
async function typed(what: string, input: Input, questions: readonly string[]): Promise<string> {
  const answers: string[] = []
  let text: string[] = []
  const ask = () => process.stderr.write(questions[answers.length] ?? '')
  ask()
  input.setRawMode?.(true)
  try {
    for await (const chunk of input.setEncoding('utf8')) {
      for (const character of String(chunk)) {
        if (character === '\u0003') throw new CommandFailed(EXIT.failed, 'interrupted', 'Stopped; nothing has changed.')
        if (character === '\r' || character === '\n' || character === '\u0004') {
          answers.push(given(what, bounded(what, text.join(''))))
          text = []
          if (answers.length === questions.length) return same(what, answers)
          process.stderr.write('\n')
          ask()
        } else if (character === '\u007f' || character === '\b') text.pop()
        else if (character === '\u0015') text = []
        else text.push(character)
      }
      bounded(what, text.join(''))
    }
    return given(what, '')
  } finally {
    input.setRawMode?.(false)
    process.stderr.write('\n')
  }
}

function same(what: string, [first = '', ...others]: readonly string[]): string {
  if (others.every((each) => each === first)) return first
  throw new CommandFailed(
    EXIT.usage,
    'inputs_differ',
    `The ${what} was typed differently the second time; nothing has changed.`,
    'Type the command again.',
  )
}

const inChinese = (what: string) => (what === 'password' ? '密码' : '客户端密钥')

function asking(what: string): string {
  if (terminalLanguage() === 'en') return `Type the ${what} (it is not shown) and press Enter: `
  return `请输入${inChinese(what)}（不会显示），然后按回车：`
}

function askingAgain(what: string): string {
  if (terminalLanguage() === 'en') return `Type the same ${what} again and press Enter: `
  return `请再输入一次相同的${inChinese(what)}，然后按回车：`
}

function bounded(what: string, text: string): string {
  if (text.length <= LONGEST_SECRET) return text
  throw new CommandFailed(EXIT.usage, 'input_too_long', `The ${what} is too long.`)
}
