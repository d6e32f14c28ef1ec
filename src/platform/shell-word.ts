// One word of a command that somebody is going to paste into a shell, whatever a name in it may hold.

/** A leading `@`, `=` or `~` means something to PowerShell, zsh or sh; a comma makes a list in PowerShell. */
const BARE = /^[\p{L}\p{N}_.:/+-][\p{L}\p{N}_.:/@%+=-]*$/u

/**
 * The word itself where no shell reads anything into it, else in single quotes. A name with a quote in it is closed and
 * opened again as sh, bash and zsh want it; PowerShell has no way of writing it that they share.
 */
export function shellWord(word: string): string {
  return BARE.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
