// Sentences that come from elsewhere as plain text, with the commands, addresses and flags in them marked.

import { COMMAND_IN_TEXT } from '../../model/commands/in-text.ts'
import type { Frame, Localized } from '../views.ts'
import { code, command } from './code.ts'
import type { Content, Html } from './html.ts'
import { localized } from './parts.ts'

/** Matches an address, without the punctuation that ends the sentence around it. */
const ADDRESS = /https?:\/\/[^\s<>"'“”‘’（），。、；：]*[^\s<>"'“”‘’（），。、；：.,:;!?)]/
/** Flags, headers and what a health check says. */
const TERM = /--[a-z]+(?:-[a-z]+)*|X-Forwarded-(?:\*|[A-Z][a-z]+)|"status":"ok"/

const MARKED = new RegExp(
  `[“"](${COMMAND_IN_TEXT.source})[”"]|(${COMMAND_IN_TEXT.source}|${ADDRESS.source}|${TERM.source})`,
  'g',
)

export function prose(text: Localized, frame: Frame): Content {
  const said = localized(text, frame)
  const parts: Content[] = []
  let end = 0
  for (const found of said.matchAll(MARKED)) {
    const [whole, quoted, plain = ''] = found
    const before = said.slice(end, found.index)
    end = found.index + (quoted === undefined ? whole.trimEnd() : whole).length
    const spaced = (isTouched: boolean) => (quoted !== undefined && isTouched ? ' ' : '')
    parts.push(before, spaced(/\p{L}$/u.test(before)), marked((quoted ?? plain).trimEnd(), frame))
    parts.push(spaced(/^\p{L}/u.test(said.slice(end))))
  }
  return [...parts, said.slice(end)]
}

const LINGPAI = 'npx lingpai '

function marked(text: string, frame: Frame): Html {
  return text.startsWith(LINGPAI) ? command(text.slice(LINGPAI.length), frame) : code(text)
}
