// User names and user ids: how two names are found equal, and which texts can be neither.

const LONGEST_NAME = 128
const LONGEST_ID = 64

/** The look-up key: names that look alike to a person in a hurry have one key. */
export function usernameKey(name: string): string {
  return name.normalize('NFKC').toLowerCase().normalize('NFKC').trim()
}

/** What keeps a text from being a user name, or null. */
export function usernameProblem(name: string): string | null {
  const key = usernameKey(name)
  if (key === '') return 'is empty'
  if ([...name].length > LONGEST_NAME) return `is longer than ${LONGEST_NAME} characters`
  // Control, format, private-use, surrogate and unassigned code points, and those a screen does not show.
  if (/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]/u.test(name + key)) {
    return 'holds characters that cannot be seen or are not assigned'
  }
  return null
}

/** What keeps a text from being a user id, or null. */
export function userIdProblem(userId: string): string | null {
  if (userId.length === 0 || userId.length > LONGEST_ID) return `must have 1 to ${LONGEST_ID} characters`
  return /^[\x21-\x7e]+$/.test(userId) ? null : 'must be ASCII without blanks'
}
