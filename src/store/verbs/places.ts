// Writes access tokens, grants and sessions at places that are free.

import { ConstraintViolated, type Driver, type Step, step } from '../database/driver.ts'
import { tokenIsNew } from '../statements/access-token.ts'
import { PLACES, type PlaceName, placeTaken, type TokenPlace } from '../statements/place.ts'

/**
 * Runs a list that may write one row of each kind, all or nothing, and says whether its guards held. Where a place is
 * taken (by another row of the same millisecond, once in four million) the row goes to the next one. That costs another
 * try when it happens; looking first would cost every row.
 */
export async function heldAtFreePlaces(driver: Driver, steps: readonly Step[]): Promise<boolean> {
  try {
    return (await driver.atomic(steps)).held
  } catch (error) {
    return await heldFurther(driver, steps, refusedPlace(error))
  }
}

interface Refused {
  readonly taken: PlaceName
  readonly error: unknown
}

async function heldFurther(driver: Driver, steps: readonly Step[], first: Refused): Promise<boolean> {
  const further = { place: 0, grant_place: 0, session_place: 0 }
  for (let refused = first; ; ) {
    if (++further[refused.taken] === PLACES) throw refused.error
    const result = await driver.atomic(movedOn(steps, further)).catch(refusedPlace)
    if ('taken' in result) refused = result
    else if (!result.held && result.guard === TOKEN_IS_NEW) throw refused.error
    else return result.held
  }
}

function refusedPlace(error: unknown): Refused {
  const taken = error instanceof ConstraintViolated ? placeTaken(error.constraint) : null
  if (taken === null) throw error
  return { taken, error }
}

const TOKEN_IS_NEW = 'token is new'

function movedOn(steps: readonly Step[], further: Readonly<Record<PlaceName, number>>): readonly Step[] {
  const moved = steps.map((each) => ({ ...each, bind: { ...each.bind, ...placesIn(each, further) } }))
  const token = steps.find(({ bind }) => 'place' in bind)?.bind as TokenPlace | undefined
  if (token === undefined || further.place === 0) return moved
  // The row at the taken place may be this very token, so a guard makes sure that it is not. Ids need none: each is
  // drawn anew.
  return [step(tokenIsNew, { hash: token.hash, place: token.place }, TOKEN_IS_NEW), ...moved]
}

function placesIn({ bind }: Step, further: Readonly<Record<PlaceName, number>>): Partial<Record<PlaceName, bigint>> {
  const names = ['place', 'grant_place', 'session_place'] as const
  const moved = names.flatMap((name) => {
    const first = bind[name]
    return typeof first === 'bigint' ? [[name, first + BigInt(further[name])]] : []
  })
  return Object.fromEntries(moved) as Partial<Record<PlaceName, bigint>>
}
