// What a client was told under load, and whether the server still stands by it afterwards: every 200 is true, nothing
// single-use works twice, and what was cut off can be asked again.

import { type Caller, type Issued, issuedBy, type Reply } from './caller.ts'

export interface Tally {
  readonly codes: number
  readonly redeemed: number
  readonly refreshed: number
  /** Requests whose answer never came. */
  readonly unanswered: number
  /** Answered 503. */
  readonly refused: number
}

/** One sign-in as its client knows it. */
interface Family {
  readonly usedCode: string
  /** Pairs in the order they were received; only the last refresh token is unused. */
  readonly pairs: Issued[]
  /** The last refresh was sent and never answered. */
  inFlight: boolean
}

/** Sign-ins that are looked into at once. */
const TOGETHER = 16

export class Ledger {
  readonly #families: Family[] = []
  readonly #unusedCodes: string[] = []
  readonly #unsureCodes: string[] = []
  readonly #strings = new Set<string>()
  readonly #faults: string[] = []
  readonly #mayRefuse: boolean
  #unanswered = 0
  #refused = 0
  #codes = 0
  #refreshed = 0

  /** `mayRefuse`: the server lives on, and may say 503 while what it needs is gone. */
  constructor({ mayRefuse = false }: { readonly mayRefuse?: boolean } = {}) {
    this.#mayRefuse = mayRefuse
  }

  tally(): Tally {
    const { length: redeemed } = this.#families
    return {
      codes: this.#codes,
      redeemed,
      refreshed: this.#refreshed,
      unanswered: this.#unanswered,
      refused: this.#refused,
    }
  }

  /** Signs in, redeems and refreshes until the server is gone or `stopped` says so. */
  async work(caller: Caller, stopped: () => boolean): Promise<void> {
    for (let turn = 0; !stopped(); turn++) {
      const code = await caller.code()
      if (typeof code !== 'string') {
        if (this.#isGone(code, 302)) return
        continue
      }
      this.#codes++
      this.#once(code)
      if (turn % 4 === 3) {
        this.#unusedCodes.push(code)
        continue
      }
      const redeemed = await caller.redeem(code)
      if (redeemed.status !== 200) {
        this.#unsureCodes.push(code)
        if (this.#isGone(redeemed, 200)) return
        continue
      }
      const family: Family = { usedCode: code, pairs: [this.#keep(redeemed)], inFlight: false }
      this.#families.push(family)
      for (let count = 0; count < turn % 3; count++) {
        const last = family.pairs.at(-1)
        if (last === undefined) break
        const reply = await caller.refresh(last.refresh)
        if (reply.status !== 200) {
          family.inFlight = true
          if (this.#isGone(reply, 200)) return
          break
        }
        this.#refreshed++
        family.pairs.push(this.#keep(reply))
      }
    }
  }

  /** Compares with the server as it is now; gives one sentence for each thing that is not true. */
  async settle(caller: Caller): Promise<readonly string[]> {
    for (let at = 0; at < this.#families.length; at += TOGETHER) {
      await Promise.all(this.#families.slice(at, at + TOGETHER).map((family) => this.#settleFamily(caller, family)))
    }
    for (const code of this.#unusedCodes.slice(-12)) {
      this.#expect(await caller.redeem(code), 200, 'a code that was never used')
      this.#expect(await caller.redeem(code), 400, 'a code that has just been used')
    }
    for (const code of this.#unsureCodes) {
      const replies = await Promise.all([1, 2, 3, 4].map(() => caller.redeem(code)))
      const wins = replies.filter(({ status }) => status === 200).length
      if (wins > 1) this.#faults.push(`a code in doubt was redeemed ${wins} times`)
      for (const { status } of replies) {
        if (status !== 200 && status !== 400) this.#faults.push(`a code in doubt was answered ${status}`)
      }
    }
    return this.#faults
  }

  async #settleFamily(caller: Caller, { usedCode, pairs, inFlight }: Family): Promise<void> {
    for (const { access } of pairs) this.#expect(await caller.userinfo(access), 200, 'an access token')
    const [first, last] = [pairs[0], pairs.at(-1)]
    if (first === undefined || last === undefined) return
    // A token whose successor is used too is spent for good, also inside the window of repeats.
    if (pairs.length > 2) this.#expect(await caller.refresh(first.refresh), 400, 'a refresh token used long ago')
    const replies = await Promise.all([1, 2, 3].map(() => caller.refresh(last.refresh)))
    const what = inFlight ? 'a refresh token whose use was cut off' : 'the newest refresh token'
    const answers = new Set<string>()
    for (const reply of replies) {
      this.#expect(reply, 200, what)
      if (reply.status === 200) answers.add(JSON.stringify(issuedBy(reply)))
    }
    if (answers.size > 1) this.#faults.push(`${what} gave ${answers.size} different successors`)
    this.#expect(await caller.redeem(usedCode), 400, 'a code used before')
    // RFC 6749 §4.1.2: the replay has ended everything that came from this code.
    this.#expect(await caller.userinfo(last.access), 401, 'an access token of a replayed code')
    this.#expect(await caller.refresh(last.refresh), 400, 'a refresh token of a replayed code')
  }

  #keep(reply: Reply): Issued {
    const issued = issuedBy(reply)
    this.#once(issued.access)
    this.#once(issued.refresh)
    return issued
  }

  #once(secret: string): void {
    if (this.#strings.has(secret)) this.#faults.push('a secret was handed out twice')
    this.#strings.add(secret)
  }

  #expect(reply: Reply, status: number, what: string): void {
    if (reply.status === status) return
    this.#faults.push(`${what}: expected ${status}, got ${reply.status} ${reply.text.slice(0, 80)}`)
  }

  #isGone({ status, text }: Reply, expected: number): boolean {
    if (status === 0) {
      this.#unanswered++
      return true
    }
    if (status === 503 && this.#mayRefuse) {
      this.#refused++
      return false
    }
    this.#faults.push(`under load: expected ${expected}, got ${status} ${text.slice(0, 80)}`)
    return false
  }
}
