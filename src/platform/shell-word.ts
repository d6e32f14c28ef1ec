// One word of a command that somebody is going to paste into a shell, whatever a name in it may hold.

/** A leading `@`, `=` or `~` means something to PowerShell, zsh or sh; a comma makes a list in PowerShell. */
const BARE = /^[\p{L}\p{N}_.:/+-][\p{L}\p{N}_.:/@%+=-]*$/u

/**
 * On Windows: backslashes are a part of a path, what begins with a digit or a sign PowerShell may take for a number or a
 * parameter, and cmd puts a variable between two `%`.
 */
const BARE_ON_WINDOWS = /^(?:\.{1,2}[/\\]|[\p{L}_/\\])[\p{L}\p{N}_.:/\\@+=-]*$/u

/** Mean something to PowerShell inside of double quotes, the typographic ones too; a backslash at the end would take the quote along. */
const NOT_IN_DOUBLE_QUOTES = /["“”„$`\p{Cc}]|\\$/u

/** PowerShell takes the typographic ones for its own. */
const SINGLE_QUOTES = /['‘’‚‛]/g

/**
 * The word itself where no shell reads anything into it, else in quotes that the shells of this system understand: single
 * ones, of which sh, bash and zsh want those in the name closed and opened again.
 */
export function shellWord(word: string, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return windowsWord(word)
  return BARE.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/**
 * PowerShell and cmd share double quotes, and what both leave alone between them is most of what names hold. For the rest
 * there is no form that they share; it is written for PowerShell, which most have open.
 */
function windowsWord(word: string): string {
  if (BARE_ON_WINDOWS.test(word)) return word
  return NOT_IN_DOUBLE_QUOTES.test(word) ? `'${word.replaceAll(SINGLE_QUOTES, '$&$&')}'` : `"${word}"`
}
