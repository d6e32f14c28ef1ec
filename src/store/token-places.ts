// Writing an access token where its row has room.

import { ConstraintViolated, type Driver, type Step, step } from './database/driver.ts'
import { tokenIsNew } from './statements/access-token.ts'
import { isPlace, PLACES, type TokenPlace } from './statements/token-place.ts'

/**
 * A list that may write one access token, all or nothing; whether its guards held. The token goes to its next place where the
 * first is taken, as by another of the same millisecond once in four million. That costs a try when it happens; to look each
 * time would cost every token.
 */
export async function heldWithToken(driver: Driver, steps: readonly Step[]): Promise<boolean> {
  try {
    return (await driver.atomic(steps)).held
  } catch (error) {
    const token = steps.find(writesToken)?.bind as TokenPlace | undefined
    if (token === undefined || !isTaken(error)) throw error
    return await heldAtNextPlace(driver, steps, token, error)
  }
}

async function heldAtNextPlace(
  driver: Driver,
  steps: readonly Step[],
  token: TokenPlace,
  refused: ConstraintViolated,
): Promise<boolean> {
  // It may be the token itself that lies there.
  const isNew = step(tokenIsNew, { hash: token.hash, place: token.place }, 'token')
  for (let further = 1; further < PLACES; further++) {
    const moved = steps.map((each) =>
      writesToken(each) ? { ...each, bind: { ...each.bind, place: token.place + BigInt(further) } } : each,
    )
    try {
      const result = await driver.atomic([isNew, ...moved])
      if (result.held || result.guard !== 'token') return result.held
      break
    } catch (error) {
      if (!isTaken(error)) throw error
    }
  }
  throw refused
}

const writesToken = ({ bind }: Step) => 'place' in bind

const isTaken = (error: unknown): error is ConstraintViolated =>
  error instanceof ConstraintViolated && isPlace(error.constraint)
