// The door of the rehearsal: callers import from here only.

export { findChosenUser, userChoices } from './choose-user.ts'
export { newRehearsalLink, REHEARSAL_LINK_LIFETIME } from './link.ts'
export { type RehearsalPageParts, rehearsalRoutes } from './page.ts'
export type { PastedSecret } from './pasted-secret.ts'
export {
  CannotRehearse,
  type Exchange,
  type RehearsalParts,
  type RehearsalReport,
  type RehearsalRequest,
  rehearse,
} from './rehearse.ts'
export type { ComposeRehearsal, RehearsalCast, RehearsalStage } from './stage.ts'
