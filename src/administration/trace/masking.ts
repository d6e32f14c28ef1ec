// What a trace may keep of text that a stranger chose: no secret, no personal data, nothing that a terminal or a log
// would act on.

/** Control, format, private-use and unassigned characters: line ends, escape sequences, text turned right to left. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu

/** The text without characters that could begin a new line or change how a line looks, cut to `longest`. */
export function inert(text: string, longest: number): string {
  return text.slice(0, longest).toWellFormed().replace(UNPRINTABLE, '\u{fffd}')
}

const LONG_RUN = /[A-Za-z0-9_-]{32,}/g
const WORDS_OF_OURS = /^[a-z_-]+$/
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const PHONE = /(?<![0-9A-Za-z])(?:\+?86[- ]?)?1[3-9]\d{9}(?!\d)/g
const EMAIL = /[^\s@<>"'`]{1,64}@[^\s@<>"'`/]{1,100}\.[A-Za-z]{2,20}/g

/** Masks words that are long and random enough to be a secret: only their first four characters stay. */
export function withoutSecrets(text: string): string {
  return text.replace(LONG_RUN, (run) => (WORDS_OF_OURS.test(run) || UUID.test(run) ? run : `${run.slice(0, 4)}…`))
}

/** For sentences, such as reasons and user agents: secrets are masked, and no line can be forged. */
export function maskedText(text: string, longest: number): string {
  return withoutSecrets(inert(text, longest)).replace(PHONE, '1…').replace(EMAIL, '…@…')
}

/** An identifier that may be a secret typed into the wrong field: recognisable for who knows it, useless to others. */
export function maskedIdentifier(text: string): string {
  const shown = Math.min(4, Math.floor(text.length / 4))
  return `${inert(text.slice(0, shown), shown)}… (${text.length} characters)`
}

/** Names are harmless when they are parameter names: short, and made of letters. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z][A-Za-z_.-]{0,31}$/.test(name)
}

/** Scheme, host and path as sent; of a query only the names, and nothing of a user name, password or fragment. */
export function maskedUri(text: string): string {
  const start = text.slice(0, 600)
  const end = start.search(/[?#]/)
  const head = (end === -1 ? start : start.slice(0, end)).replace(/\/\/[^/]*@/, '//…@')
  const [query = ''] = end === -1 || start[end] === '#' ? [] : start.slice(end + 1).split('#', 1)
  const names = query === '' ? [] : query.split('&').map((pair) => pair.split('=', 1)[0] ?? '')
  const shown = names.slice(0, 10).map((name) => (isPlainName(name) ? `${name}=…` : '…'))
  const tail = `${names.length > 0 ? `?${shown.join('&')}` : ''}${start.includes('#') ? '#…' : ''}`
  return withoutSecrets(inert(head, 300)).replace(PHONE, '1…') + tail
}
