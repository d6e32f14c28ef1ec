// The kinds of personal data a client may receive, as a person would sort them. The consent page, the claim table and
// the rehearsal all speak of data in these kinds, so that what is asked for and what is given cannot drift apart.

export const DATA_KINDS = [
  'identifier',
  'name',
  'username',
  'phone',
  'email',
  'picture',
  'birthdate',
  'gender',
  'address',
  'locale',
  'other_profile',
  'custom',
  'offline',
] as const

/** `offline` is no datum: it is the permission to keep reading the others while the person is away. */
export type DataKind = (typeof DATA_KINDS)[number]
