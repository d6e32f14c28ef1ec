// Numbers about a running server: how they are counted, and what they look like when they are read. Counting costs an
// addition; everything else is left to the moment in which somebody asks, which is four times a minute.

/** A kind of number. `T` is what one sample of it holds. */
export interface Family<T extends number | HistogramValue = number | HistogramValue> {
  /** As Prometheus names things: a unit at the end, `_total` for what only grows. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  readonly en: string
  readonly zh: string
  /** For the compiler only; never set. */
  readonly shape?: T
}

/** How many observations there were of each size. */
export interface HistogramValue {
  /** Upper bounds, ascending. */
  readonly bounds: readonly number[]
  /** Observations up to each bound and above the one before; the last are those above all bounds. */
  readonly counts: readonly number[]
  readonly sum: number
}

export interface Sample<T extends number | HistogramValue = number | HistogramValue> {
  /** In the order of the family's labels. */
  readonly labels: readonly string[]
  readonly value: T
}

/** All samples of one family, as plain data: workers send it to their supervisor. */
export interface Reading {
  /** The name of its family. */
  readonly name: string
  readonly samples: readonly Sample[]
}

export function reading<T extends number | HistogramValue>(
  { name }: Family<T>,
  samples: readonly Sample<T>[],
): Reading {
  return { name, samples }
}

/** A family of one sample without labels. */
export function single<T extends number | HistogramValue>(family: Family<T>, value: T): Reading {
  return reading(family, [{ labels: [], value }])
}

/** Counts by one word, of which there are few: the words of a program, never those of a visitor. */
export class Tally {
  readonly #counts = new Map<string, number>()

  add(word: string): void {
    this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1)
  }

  read(): readonly Sample<number>[] {
    return [...this.#counts].map(([word, value]) => ({ labels: [word], value }))
  }
}

/** Seconds: from what a token check takes to what nobody waits for any more. */
const SECONDS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** How long things took. */
export class Durations {
  readonly #counts = new Float64Array(SECONDS.length + 1)
  #sum = 0

  add(milliseconds: number): void {
    const seconds = milliseconds / 1000
    let at = 0
    while (at < SECONDS.length && seconds > (SECONDS[at] ?? 0)) at++
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#sum += seconds
  }

  read(): HistogramValue {
    return { bounds: SECONDS, counts: [...this.#counts], sum: this.#sum }
  }
}
