// Which person to rehearse as: a list while there are few people, a user name to type when there are many.

import { usernameKey } from '../../model/names/username.ts'
import type { User, UserWithPassword } from '../../model/user.ts'
import type { RehearsalView } from '../../pages/index.ts'
import type { UserVerbs } from '../../store/verbs/users.ts'

const MOST_LISTED = 50

export type UserChoices = RehearsalView['users']

/** Empty when there are too many to list: then the page asks for a user name. */
export async function userChoices(store: Pick<UserVerbs, 'listUsers'>): Promise<UserChoices> {
  const users = await store.listUsers('', MOST_LISTED + 1)
  if (users.length > MOST_LISTED) return []
  return users
    .map((user) => ({ value: user.userId, label: labelOf(user) }))
    .toSorted((a, b) => a.label.localeCompare(b.label))
}

function labelOf({ username, profile: { displayName } }: User): string {
  return displayName === undefined || displayName === username ? username : `${displayName} (${username})`
}

/** By user id, as the list gives it, or by user name, as a person types it. */
export async function findChosenUser(
  store: Pick<UserVerbs, 'findUser' | 'findUserByUsername'>,
  chosen: string,
): Promise<UserWithPassword | null> {
  if (chosen.trim() === '') return null
  return (await store.findUser(chosen)) ?? (await store.findUserByUsername(usernameKey(chosen)))
}
