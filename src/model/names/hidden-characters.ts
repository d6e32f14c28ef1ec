// Characters in a text for people that nobody sees: two names with and without one look the same, and some make a name
// read as another. Where writing needs them (emoji, Persian, Indic scripts, Mongolian, variants of Han), they are no deceit.

/** RFC 5892 appendix A, A.1 and A.2; Unicode chapter 23.4. */
const NEEDED = [
  '(?<=[LETTER])[\\u200C\\u200D](?=[LETTER])',
  '(?<=\\p{Script=Mongolian})[\\u180B-\\u180F]',
  '(?<=\\p{Script=Han})[\\uFE00-\\uFE02\\u{E0100}-\\u{E01EF}]',
]
  .join('|')
  .replaceAll(
    'LETTER',
    ['Arabic', 'Syriac', 'Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu', 'Kannada']
      .concat(['Malayalam', 'Sinhala', 'Tibetan', 'Khmer', 'Myanmar', 'Mongolian'])
      .map((script) => `\\p{Script=${script}}`)
      .join(''),
  )

/** ASCII, Han, and the punctuation around them: nearly every name there is, without a look into the tables of Unicode. */
const USUAL = /^[\x20-\x7E\u00A1-\u00AC\u00AE-\u024F\u2010-\u2027\u3000-\u303F\u4E00-\u9FFF\uFF01-\uFF5E]*$/

interface Patterns {
  readonly hidden: RegExp
  readonly emoji: RegExp
  readonly needed: RegExp
}

/** Made when the first text needs them: V8 gathers the thousands of emoji as soon as it reads the pattern. */
let patterns: Patterns | null = null

function makePatterns(): Patterns {
  return {
    hidden: /[\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/u,
    // Unicode UTS #51: whole sequences, whose parts are joined by characters that are invisible themselves.
    emoji: /\p{RGI_Emoji}|\p{Emoji}\uFE0E/gv,
    needed: new RegExp(NEEDED, 'gu'),
  }
}

/** The first of them as `U+200B`; null: there is none. */
export function hiddenCharacter(text: string): string | null {
  if (USUAL.test(text)) return null
  patterns ??= makePatterns()
  const { hidden, emoji, needed } = patterns
  const [found] = hidden.exec(text.replace(emoji, ' ').replace(needed, ' ')) ?? []
  return found === undefined ? null : `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
