// How values are stored that no column type can hold: booleans as the integers 0 and 1, lists of words as one text.

export function flag(value: number): boolean {
  return value === 1
}

export function asFlag(value: boolean): number {
  return value ? 1 : 0
}

export function words(text: string): readonly string[] {
  return text === '' ? [] : text.split(' ')
}
