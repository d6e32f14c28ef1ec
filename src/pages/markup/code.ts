// What somebody types or compares letter by letter, such as a command or an address: marked, taken whole by one click, and
// broken at no hyphen.

import type { Frame } from '../views.ts'
import { WORDS } from '../words/index.ts'
import { type Content, type Html, html } from './html.ts'

export function code(text: string, id?: string): Html {
  return html`<code${id !== undefined && html` id="${id}"`}>${pieces(text)}</code>`
}

/** A command of ours, with the flags that it needs to find the installation which shows this page. */
export function command(words: string, frame: Frame): Html {
  return code(`npx lingpai ${words}${frame.commandFlags ?? ''}`)
}

/** Explains the placeholders in the commands above: for what not everybody may know, and for secrets. */
export function commandHint(frame: Frame): Content {
  const { commandFlags = '' } = frame
  const { commandWords } = WORDS[frame.locale].frame
  const said = Object.entries(commandWords).filter(([word]) => commandFlags.includes(word))
  return said.map(([, means]) => html`<p class="hint">${means}</p>`)
}

/**
 * Browsers break after a hyphen, so each is kept with the letter behind it, and so is the first slash of a path; an address goes on
 * after one of its slashes. What is longer than a line can still be broken anywhere. Nothing is put into the text: it can be copied
 * as it is.
 */
export function pieces(text: string): Content {
  return text
    .split(/(-+[^\s-]?|(?<=\s)\/[^\s/]?|(?<=[^\s:/]\/)(?=[^\s/]))/)
    .map((piece, at) => (at % 2 === 0 ? piece : piece === '' ? html`<wbr>` : html`<span>${piece}</span>`))
}
