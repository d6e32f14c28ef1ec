// Characters in a text for people that nobody sees: two names with and without one look the same, and some make a name
// read as another. Where writing needs them (emoji, Persian, Indic scripts, Mongolian, variants of Han), they are no deceit.

/** Unicode UTS #51: whole sequences, whose parts are joined by characters that are invisible themselves. */
const EMOJI = /\p{RGI_Emoji}|\p{Emoji}\uFE0E/gv

/** RFC 5892 appendix A, A.1 and A.2; Unicode chapter 23.4. */
const NEEDED = new RegExp(
  [
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
    ),
  'gu',
)

const HIDDEN = /[\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/u
const USUAL = /^[\x20-\x7E\u4E00-\u9FFF]*$/

/** The first of them as `U+200B`; null: there is none. */
export function hiddenCharacter(text: string): string | null {
  if (USUAL.test(text)) return null
  const [found] = HIDDEN.exec(text.replace(EMOJI, ' ').replace(NEEDED, ' ')) ?? []
  return found === undefined ? null : `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}
