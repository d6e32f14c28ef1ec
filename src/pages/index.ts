// The door of the pages: every page is a pure function `(view, frame) => Page`. Callers import from here only.

export type { Brand } from './brand.ts'
export { DEFAULT_BRAND, parseAccent } from './brand.ts'
export { chooseAccountPage } from './choose-account.ts'
export { consentPage } from './consent.ts'
export { errorPage, misdirectedPage, notFoundPage } from './error.ts'
export type { Locale } from './locale.ts'
export { chooseLocale, isLocale, LOCALES, localizedHrefs } from './locale.ts'
export { maskPhone } from './mask.ts'
export { administratorPage } from './set-up/administrator.ts'
export { connectedPage, connectPage } from './set-up/connect.ts'
export { firstPersonPage } from './set-up/first-person.ts'
// the operator's first hour
export { openLinkPage } from './set-up/open-link.ts'
export { publicAddressPage } from './set-up/public-address.ts'
export { rehearsalPage, setUpRehearsalPage } from './set-up/rehearsal.ts'
export { waitingPage } from './set-up/waiting.ts'
export type * from './set-up-views.ts'
// the way through sign-in
export { signInPage, waitPage } from './sign-in.ts'
export { signedOutPage, signOutPage } from './sign-out.ts'
export type * from './views.ts'
