// How long lists of changes wait for one another, so that they share one commit.

import { stopwatch } from '../../../platform/clock.ts'

/** Turns of the event loop that a list may wait for others: each a fraction of a millisecond, when little is done. */
const MOST_TURNS = 4
/** Milliseconds after which a list is written in any case: beside a flood of heavy requests one turn takes 20. */
const LONGEST_GATHER = 5
/** With this many lists the commit is a small part of the cost, and waiting would be most of the time. */
const ENOUGH = 32

export class Gathering {
  readonly #elapsed = stopwatch()
  /** How many lists there were one turn of the event loop ago, and how many turns they have waited for more. */
  #gathered = 0
  #turns = 0
  #since = 0

  begin(): void {
    this.#gathered = 0
    this.#turns = 0
    this.#since = this.#elapsed()
  }

  /** Lists wait for as long as each turn of the event loop brings more: what has arrived is read first. */
  mayGoOn(lists: number): boolean {
    const grown = lists > this.#gathered
    this.#gathered = lists
    return grown && lists < ENOUGH && this.#turns++ < MOST_TURNS && this.#elapsed() - this.#since < LONGEST_GATHER
  }
}
