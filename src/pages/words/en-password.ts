// English words of the pages on which people choose a password.

import { count } from './en-count.ts'

export const password = {
  title: 'Change your password',
  effects:
    'You stay signed in here. Everywhere else you are signed out, and applications will ask you to sign in again.',
  current: 'Your present password',
  next: 'New password',
  nextHint: (limit: number) => `At least ${count(limit, 'character', 'characters')}. A sentence is easy to remember.`,
  again: 'New password, once more',
  submit: 'Change the password',
  cancel: 'Change nothing',
  wait: (seconds: number) =>
    `There were too many attempts. Please wait ${count(seconds, 'second', 'seconds')}, then try again. Nothing was changed.`,
  first: {
    title: 'Choose your password',
    why: 'The password that you were given is for signing in once. Choose one of your own: from now on nobody but you knows it.',
    submit: 'Save and continue',
  },
  errors: {
    current: {
      missing: 'Please type your present password.',
      wrong: 'This is not your present password. Please try again.',
    },
    next: {
      missing: 'Please type a new password.',
      too_short: (limit: number) => `The new password needs at least ${count(limit, 'character', 'characters')}.`,
      too_long: 'The new password is far too long.',
      unusable_character: 'The new password holds a character that not every keyboard has. Please choose another.',
      same_as_username: 'The new password must differ from your user name.',
      too_common: 'The new password is among the first that anybody would try. Please choose another.',
      unchanged: 'This is your present password. Please choose another.',
    },
    again: { differs: 'The two new passwords are not the same. Please type both again.' },
  },
}
