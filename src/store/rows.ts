// How records become columns and come back: the only place that knows flags are 0/1 and profiles are JSON text.

/** Turns a selected row's flag into a boolean. */
export function flag(value: number): boolean {
  return value === 1
}

export function asFlag(value: boolean): number {
  return value ? 1 : 0
}

export function words(text: string): readonly string[] {
  return text === '' ? [] : text.split(' ')
}
