// English words of the pages on which somebody answers for a device without a browser.

import { type Content, html } from '../markup/html.ts'
import { count } from './en-count.ts'

export const device = {
  title: 'Connect a device',
  lead: 'Type the code that your device shows.',
  label: 'Code',
  hint: 'Eight letters, with or without the hyphen.',
  submit: 'Continue',
  errors: {
    missing: 'Type the code first.',
    unknown: 'There is no such code, or it is too old. Look at the device again: it may show another one by now.',
  },
  wait: (seconds: number) =>
    `There were too many codes that do not exist. Please wait ${count(seconds, 'second', 'seconds')}, then try again.`,
  confirm: {
    title: (client: string) => `Sign in on ${client}?`,
    lead: (client: Content) => html`${client} waits for your answer, and shows this code on its device:`,
    warning:
      'Go on only if that device is before you, and you have begun there yourself. If somebody has sent you this code or a link with it, they would be signed in as you.',
    allow: 'Yes, it is my device',
    deny: 'No, stop it',
  },
  allowed: {
    title: 'Back to your device',
    lead: 'It goes on by itself within a few seconds. You can close this page.',
  },
  denied: {
    title: 'The device gets nothing',
    lead: 'It is told that you said no. You can close this page.',
  },
}
