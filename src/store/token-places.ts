// Writing an access token where its row has room.

import { type AtomicResult, ConstraintViolated, type Driver, type Step, step } from './database/driver.ts'
import { tokenIsNew } from './statements/access-token.ts'
import { isPlace, PLACES, type TokenPlace } from './statements/token-place.ts'

/**
 * A list that may write an access token, all or nothing: at the next place where its first is taken, as by another token of
 * the same millisecond once in four million. That costs a try when it happens; to look each time would cost every token.
 */
export async function atomicWithToken(driver: Driver, steps: readonly Step[]): Promise<AtomicResult> {
  try {
    return await driver.atomic(steps)
  } catch (error) {
    const token = steps.map(({ bind }) => bind as Partial<TokenPlace>).find(isPlaced)
    if (token === undefined || !isTaken(error)) throw error
    return await atNextPlace(driver, steps, token, error)
  }
}

async function atNextPlace(
  driver: Driver,
  steps: readonly Step[],
  token: TokenPlace,
  refused: ConstraintViolated,
): Promise<AtomicResult> {
  // It may be the token itself that lies there: that is never there twice.
  const isNew = step(tokenIsNew, { hash: token.hash, place: token.place }, 'token')
  for (let further = 1; further < PLACES; further++) {
    const moved = steps.map((each) =>
      'place' in each.bind ? { ...each, bind: { ...each.bind, place: token.place + BigInt(further) } } : each,
    )
    try {
      const result = await driver.atomic([isNew, ...moved])
      if (result.held || result.guard !== 'token') return result
      break
    } catch (error) {
      if (!isTaken(error)) throw error
    }
  }
  throw refused
}

const isPlaced = (bind: Partial<TokenPlace>): bind is TokenPlace => bind.place !== undefined

const isTaken = (error: unknown): error is ConstraintViolated =>
  error instanceof ConstraintViolated && isPlace(error.constraint)
