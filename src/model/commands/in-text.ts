// How a command of ours is written in a sentence for people, so that pages can mark it and the command line can add the
// flags that it was asked with.

/**
 * It goes on to the end of its quotes, of a Chinese sentence, or of the text; a name in quotes of a shell, which begin a word or follow
 * others, may hold what would end it. Each character is taken in one way only: with two, a text of many quotes and no end takes for ever.
 */
export const COMMAND_IN_TEXT =
  /npx lingpai (?:(?<=[ '])'[^'\n]*'|(?<=[ '])'(?![^'\n]*')|(?<![ '])'|\\'|\\(?!')|(?<= )"[^"\n]*"|[^'\\"“”。；\n])+/g
