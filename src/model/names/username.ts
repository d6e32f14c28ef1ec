// Names and identifiers of users: the key by which a name is looked up, and which names and identifiers may be given
// at all. Two names that people would take for the same one have the same key.

const LONGEST_USERNAME = 128
/** Of the key in UTF-8: compatibility forms can unfold to many characters, and an index entry has its limit. */
const LONGEST_KEY_BYTES = 1_024
const LONGEST_USER_ID = 64

/** Words that programs write where an identifier is missing, or that interfaces use for "the one who asks". */
const RESERVED_USER_IDS = new Set(['me', 'self', 'null', 'undefined', 'none', 'nobody', 'anonymous'])

const PLAIN = /^[\x20-\x7E]*$/

/**
 * NFKC, case-folded, trimmed: what a person typed and what was stored meet here. Folding goes by single code points,
 * upper case first, so that `ß` meets `ss` and the two small sigmas are one.
 */
export function usernameKey(name: string): string {
  if (PLAIN.test(name)) return name.trim().toLowerCase()
  // Folding can open a form that normalises further, never more than a few times.
  let key = name
  for (let round = 0; round < 4; round++) {
    const next = foldCase(key.normalize('NFKC')).normalize('NFKC').trim()
    if (next === key) break
    key = next
  }
  return key
}

function foldCase(text: string): string {
  let folded = ''
  for (const character of text) folded += character.toUpperCase().toLowerCase()
  return folded
}

/** Nobody sees whether there is one blank or two, on a screen or on paper; outer ones are cut off wherever a name is typed. */
export const BLANK_INSIDE = 'holds a blank inside'

/** What is wrong with a new name, as the end of a sentence that begins with "The username"; null: nothing. */
export function checkUsername(name: string): string | null {
  const key = usernameKey(name)
  if (key === '') return 'is empty'
  if (Array.from(name).length > LONGEST_USERNAME || Buffer.byteLength(key, 'utf8') > LONGEST_KEY_BYTES) {
    return `must have at most ${LONGEST_USERNAME} characters`
  }
  const [bad] = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u.exec(name) ?? []
  if (bad === undefined) return /\s/u.test(name.trim()) ? BLANK_INSIDE : null
  const code = `U+${(bad.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
  return `holds ${whatItIs(bad)} (${code}), which nobody could see or type again`
}

function whatItIs(character: string): string {
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(character)) return 'a control character'
  if (/\p{Co}/u.test(character)) return 'a private-use character'
  if (/\p{Cs}/u.test(character)) return 'half a character'
  if (/[\p{Cf}\p{Default_Ignorable_Code_Point}]/u.test(character)) return 'an invisible character'
  return 'a character that does not exist in Unicode'
}

/** What is wrong with a supplied identifier, as the end of a sentence that begins with "The user id". */
export function checkUserId(userId: string): string | null {
  if (userId === '') return 'is empty'
  if (!/^[\x21-\x7E]+$/.test(userId)) return 'may hold printable ASCII characters only, without blanks'
  if (userId.length > LONGEST_USER_ID) return `must have at most ${LONGEST_USER_ID} characters`
  if (RESERVED_USER_IDS.has(userId.toLowerCase())) return `must not be the word ${userId}`
  return null
}
