// What is counted about the embedded database.

import { statSync } from 'node:fs'
import { METRICS } from '../../../model/metrics.ts'
import { Durations, type Reading, reading, type Sample, single } from '../../../platform/metrics/reading.ts'

export class Numbers {
  readonly #file: string
  readonly #commits = new Durations()
  #lists = 0

  constructor(file: string) {
    this.#file = file
  }

  /** `took`: milliseconds of the commit that `lists` have shared. */
  committed(lists: number, took: number): void {
    this.#commits.add(took)
    this.#lists += lists
  }

  read({ waiting, trouble }: { readonly waiting: number; readonly trouble: string | null }): readonly Reading[] {
    return [
      single(METRICS.commits, this.#commits.read()),
      single(METRICS.lists, this.#lists),
      single(METRICS.databaseWaiting, waiting),
      single(METRICS.databaseTrouble, trouble === null ? 0 : 1),
      reading(METRICS.databaseSize, [...sizeOf('database', this.#file), ...sizeOf('log', `${this.#file}-wal`)]),
    ]
  }
}

/** Bytes; 0 where there is no such file: a database in memory, or one whose log has been moved into it. */
function sizeOf(label: string, file: string): readonly Sample<number>[] {
  try {
    return [{ labels: [label], value: statSync(file, { throwIfNoEntry: false })?.size ?? 0 }]
  } catch {
    // The folder may not be looked into any more; the other numbers are told all the same.
    return []
  }
}
