// The door of the rehearsal: callers import from here only.

export { findChosenUser } from './choose-user.ts'
export { newRehearsalLink } from './link.ts'
export { rehearsalRoutes } from './page.ts'
export {
  CannotRehearse,
  type RehearsalParts,
  type RehearsalReport,
  type RehearsalRequest,
  rehearse,
} from './rehearse.ts'
