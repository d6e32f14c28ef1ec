// Text that others may have chosen, as a terminal or a log may be given it: what would move the cursor, colour the
// screen, begin a line or turn the direction of writing stands as `\u001b`, so that it can be read and does nothing.

const ACTING = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\p{Zl}\p{Zp}]/gu
const ACTING_BUT_LAYOUT =
  /[\0-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\p{Zl}\p{Zp}]/gu

/** In one line. Also right for JSON, where these characters can stand in strings only. */
export function forLine(text: string): string {
  return text.replace(ACTING, escaped)
}

/** In several lines of our own: their ends stay, and tabs. */
export function forLines(text: string): string {
  return text.replace(ACTING_BUT_LAYOUT, escaped)
}

function escaped(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
}
