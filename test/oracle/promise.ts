// A promise of a specification as something to do at a provider, and what must be seen.

import type { Observation, Provider } from './provider.ts'

export interface Promised {
  /** `RFC 6749 §4.1.2`. */
  readonly clause: string
  /** In the present tense; unique with its clause. */
  readonly promise: string
  readonly observe: (provider: Provider) => Promise<Observation>
  readonly expects: Observation
}

export function titleOf({ clause, promise }: Pick<Promised, 'clause' | 'promise'>): string {
  return `${clause} ${promise}`
}

export function promised(
  clause: string,
  promise: string,
  expects: Observation,
  observe: Promised['observe'],
): Promised {
  return { clause, promise, observe, expects }
}
