// English sentences and what they are in another language: `$1`, `$2` are what the parentheses caught.

export type Sentences = readonly (readonly [RegExp, string])[]

/** Null: none of them. */
export function translated(text: string, sentences: Sentences): string | null {
  for (const [pattern, chinese] of sentences) {
    const found = pattern.exec(text)
    if (found !== null) return chinese.replace(/\$(\d)/g, (_, place: string) => found[Number(place)] ?? '')
  }
  return null
}
