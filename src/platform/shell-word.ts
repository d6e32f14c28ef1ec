// One word of a command that somebody will paste into a shell, whatever characters it contains.

/** A leading `@`, `=` or `~` means something to PowerShell, zsh or sh; a comma makes a list in PowerShell. */
const BARE = /^[\p{L}\p{N}_.:/+-][\p{L}\p{N}_.:/@%+=-]*$/u

/**
 * On Windows: backslashes are part of a path; PowerShell may take what begins with a digit or a sign for a number or a
 * parameter; and cmd puts a variable between two `%`.
 */
const BARE_ON_WINDOWS = /^(?:\.{1,2}[/\\]|[\p{L}_/\\])[\p{L}\p{N}_.:/\\@+=-]*$/u

/**
 * Characters with a meaning to PowerShell inside double quotes, typographic quotes too; a backslash at the end would
 * escape the closing quote.
 */
const NOT_IN_DOUBLE_QUOTES = /["“”„$`\p{Cc}]|\\$/u

/** PowerShell treats typographic single quotes like its own. */
const SINGLE_QUOTES = /['‘’‚‛]/g

/**
 * The word itself where no shell reads anything into it; otherwise in quotes that the shells of this system understand:
 * single ones, which sh, bash and zsh want closed and opened again around a quote in the word.
 */
export function shellWord(word: string, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return windowsWord(word)
  return BARE.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/**
 * PowerShell and cmd share double quotes, and between them both leave most characters of names alone. For the rest
 * there is no form that both understand; it is written for PowerShell, which most people have open.
 */
function windowsWord(word: string): string {
  if (BARE_ON_WINDOWS.test(word)) return word
  return NOT_IN_DOUBLE_QUOTES.test(word) ? `'${word.replaceAll(SINGLE_QUOTES, '$&$&')}'` : `"${word}"`
}
