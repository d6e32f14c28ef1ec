// "Did you mean …?": the nearest known name to one that is not known.

/** Null when nothing is near enough to be meant. */
export function nearestName(unknown: string, known: readonly string[]): string | null {
  let best: string | null = null
  let least = farthest(unknown) + 1
  for (const name of known) {
    const far = distance(unknown.toLowerCase(), name.toLowerCase(), least)
    if (far < least) {
      least = far
      best = name
    }
  }
  return best
}

/** Half of the letters must be right; a Chinese character is worth a word, and another one means another thing. */
function farthest(unknown: string): number {
  const { length } = unknown
  if (/\p{Script=Han}/u.test(unknown)) return Math.floor(length / 3)
  return Math.min(Math.max(2, Math.ceil(length / 3)), Math.floor(length / 2))
}

/** Levenshtein distance, or `most` as soon as it is certain to be reached. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) >= most) return most
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + same))
    }
    if (Math.min(...next) >= most) return most
    row = next
  }
  return row[b.length] ?? most
}
