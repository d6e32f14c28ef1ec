// What a command of ours needs at its end to find the installation whose page names it: nothing where everything is at its
// default.

export interface CommandFlags {
  /** For pages that only an operator sees. */
  readonly operator: string
  /** For pages that anybody can open: a word such as FOLDER stands for what is nobody's business. */
  readonly anybody: string
}

export const NO_COMMAND_FLAGS: CommandFlags = { operator: '', anybody: '' }
