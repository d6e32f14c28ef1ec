// How a command of ours is written in a sentence for people, so that pages can mark it and the command line can add the
// flags that it was asked with.

/** It goes on to the end of its quotes, of a Chinese sentence, or of the text; a name in quotes of a shell may hold what would end it. */
export const COMMAND_IN_TEXT = /npx lingpai (?:'[^'\n]*'|\\'|(?<= )"[^"\n]*"|[^"“”。；\n])+/g
