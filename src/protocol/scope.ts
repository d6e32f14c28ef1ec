// Scopes: lists of case-sensitive words. RFC 6749 §3.3.

const SCOPE_TOKEN = /^[\x21\x23-\x5B\x5D-\x7E]+$/

export type ScopeSeparators = 'space' | 'space-or-comma'

/** Words in the order asked, each once. Null when a word has a character that RFC 6749 §3.3 does not allow. */
export function parseScope(text: string, separators: ScopeSeparators = 'space'): readonly string[] | null {
  const words = text.split(separators === 'space' ? /[\t\n\r ]+/ : /[\t\n\r ,]+/).filter((word) => word !== '')
  return words.every((word) => SCOPE_TOKEN.test(word)) ? [...new Set(words)] : null
}

export function scopeWords(scope: string): readonly string[] {
  return scope === '' ? [] : scope.split(' ')
}

export function includesScope(scope: string, word: string): boolean {
  return scope === word || scopeWords(scope).includes(word)
}

export function coversScope(wider: string, narrower: string): boolean {
  const have = new Set(scopeWords(wider))
  return scopeWords(narrower).every((word) => have.has(word))
}

/** Union, in the order of first appearance. */
export function joinScopes(...scopes: readonly string[]): string {
  return [...new Set(scopes.flatMap(scopeWords))].join(' ')
}
