// English words of the way through sign-in. `Words` is made from this file: every other language has the same keys.

import { type Content, html } from '../markup/html.ts'
import { account } from './en-account.ts'
import { count } from './en-count.ts'
import { device } from './en-device.ts'
import { errors } from './en-errors.ts'
import { password } from './en-password.ts'
import { setUp } from './en-set-up.ts'

export const en = {
  languageName: 'English',
  frame: {
    language: 'Language',
    skip: 'Skip to the content',
    footer: 'About this site',
    privacy: 'Privacy policy',
    terms: 'User agreement',
    /** What a word in a command stands for. */
    commandWords: {
      ' FOLDER': 'FOLDER is the data folder that this server was started with (--data).',
      ' FILE': 'FILE is the configuration file that this server was started with (--config).',
      'LINGPAI_DATABASE"': 'LINGPAI_DATABASE is the variable that holds the address of the database, password and all.',
      'LINGPAI_DATABASE_FILE"':
        'LINGPAI_DATABASE_FILE is the variable that names the file with the address of the database.',
    },
    warn: 'Warning: ',
    info: 'Note: ',
    runBy: (operator: string) => `Run by ${operator}`,
    errorTitle: (title: string) => `Error: ${title}`,
    home: (client: Content) => html`Website of ${client}`,
  },
  client: {
    policy: (client: string) => `Privacy policy (${client})`,
    terms: (client: string) => `Terms (${client})`,
    unverified: (target: Content) =>
      html`Nobody here has checked who runs this application. It would receive the answer at ${target}.`,
  },
  signIn: {
    title: 'Sign in',
    onward: (client: Content) => html`to continue to ${client}`,
    own: (product: Content) => html`with your ${product} account`,
    again: (name: Content) => html`Please confirm that it is you, ${name}.`,
    username: 'User name',
    password: 'Password',
    remember: 'Keep me signed in on this device',
    rememberHint: 'Only on a device that nobody else uses.',
    submit: 'Sign in',
    cancel: (client: string) => `Cancel and go back to ${client}`,
    cancelPlain: 'Cancel',
    errors: {
      wrong_credentials:
        'The user name and the password do not belong together. Please check both, or ask your administrator for a new password.',
      username_missing: 'Please type your user name.',
      password_missing: 'Please type your password.',
      user_disabled: 'This account is switched off. Please ask your administrator.',
      other_user_expected: 'The application expects another person. Please sign in with the user name that it knows.',
      choice_expired: 'Too much time has passed, or your account has changed. Please sign in once more.',
    },
  },
  wait: {
    title: 'Sign in: please wait a moment',
    heading: 'Sign in',
    message: (seconds: number) =>
      `There were too many attempts. Please wait ${count(seconds, 'second', 'seconds')}, then try again.`,
    why: 'This protects the account from being guessed. Nothing is locked: after the wait the right password works.',
  },
  choose: {
    title: 'Choose an account',
    onward: (client: Content) => html`to continue to ${client}`,
    plain: 'Who would you like to continue as?',
    other: 'Use another account',
  },
  consent: {
    title: (client: string) => `Share your data with ${client}?`,
    intro: (recipient: Content) => html`If you allow it, ${recipient} receives the data listed here.`,
    signedInAs: (name: Content) => html`Signed in as ${name}`,
    notYou: 'Not you?',
    who: 'About the recipient',
    recipient: 'Recipient',
    identity: 'Known by the address',
    contact: 'Contact',
    purpose: 'Purpose',
    data: 'What will be shared',
    resources: 'What it may use in your name',
    resourcePlain: 'Access without further rights',
    resourceScope: (scope: string) => `Rights: ${scope}`,
    verified: 'confirmed',
    unverified: 'not confirmed',
    notOnFile: 'We hold none',
    allow: 'Allow',
    deny: "Don't allow",
    denyHint: (client: Content) => html`If you don't allow it, nothing is shared and you return to ${client}.`,
    account: (to: (text: string) => Content) => html`You can withdraw this at any time in ${to('your account')}.`,
    notices: {
      user_changed: 'Somebody else has signed in meanwhile. Please look again at whose data would be shared.',
    },
    kinds: {
      identifier: {
        name: 'Your identifier',
        note: 'A fixed code by which it recognises you. It is not your phone number or e-mail.',
      },
      name: { name: 'Name', note: 'So that it can address you.' },
      username: { name: 'User name', note: 'The name you sign in with here. Your password is never shared.' },
      phone: { name: 'Phone number', note: 'May be used to create your account there, or to find the one you have.' },
      email: { name: 'E-mail address', note: 'May be used to write to you.' },
      picture: { name: 'Picture', note: 'Your profile picture.' },
      birthdate: { name: 'Date of birth', note: '' },
      gender: { name: 'Gender', note: '' },
      address: { name: 'Postal address', note: '' },
      locale: { name: 'Language and time zone', note: '' },
      other_profile: {
        name: 'Other profile details',
        note: 'Such as nickname, website, or when your profile was last changed.',
      },
      custom: { name: 'Further detail', note: '' },
      offline: {
        name: 'Access while you are away',
        note: 'It may go on reading this data when you are not using it, until this permission is withdrawn.',
      },
    },
  },
  front: {
    title: 'Sign-in service',
    whose: (product: Content) => html`This is the sign-in service of ${product}.`,
    message:
      'Signing in begins in the application you want to use. It brings you here when it needs to know who you are, and you return to it afterwards.',
    account: (to: (text: string) => Content) =>
      html`Which applications you have let in, and where you are signed in: ${to('your account')}.`,
    operator: 'For whoever runs this server',
    setUp:
      'The set-up is not finished yet. The link to the set-up stands in the terminal that started this server. To make a new one, which works once, for a day, type this in the same folder:',
  },
  formPost: {
    title: (client: string) => `Back to ${client}`,
    message: (client: Content) =>
      html`You are being taken back to ${client}. If nothing happens, please press the button.`,
    submit: 'Continue',
  },
  leave: {
    title: (client: string) => `Continue to ${client}?`,
    message: (target: Content) => html`You are about to leave this site for ${target}.`,
    submit: 'Continue',
  },
  signOut: {
    title: 'Sign out?',
    asks: (client: Content) => html`${client} asks to sign you out here as well.`,
    message: (name: Content) => html`You are signed in as ${name}.`,
    plain: 'You will have to sign in again the next time an application needs to know who you are.',
    everywhere: 'Sign out on all my other devices too',
    everywhereHint: 'Wherever you are signed in with this account.',
    account: (to: (text: string) => Content) => html`Where you are signed in: ${to('your account')}.`,
    confirm: 'Sign out',
    cancel: 'Stay signed in',
    formExpired: 'This page had been open too long. Please decide once more.',
  },
  signedOut: {
    title: 'Signed out',
    message:
      'You are signed out here. Applications that you had open may still know you: sign out there too on a device you share.',
    told: 'You are signed out here. Applications that you had open are being told while you read this.',
    frame: 'Telling an application that you have signed out',
    stayedTitle: 'Still signed in',
    stayed: 'Nothing has changed: you are still signed in.',
    onward: (client: string) => `Continue to ${client}`,
    onwardPlain: 'Continue',
    again: 'Sign in again',
  },
  device,
  account,
  password,
  errors,
  setUp,
}

export type Words = typeof en
