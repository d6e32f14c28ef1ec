// What can be wrong with options: all of it at once, each with the place it comes from.

/** The options cannot be used. The message has one line for each problem. */
export class OptionsError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'OptionsError'
    this.problems = problems
  }
}

/** Where a value comes from. */
export type Source =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly key: string }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'flag'; readonly flag: string }

/** The source as text, for the beginning of a problem and for `config show`. */
export function sourceText(source: Source): string {
  switch (source.kind) {
    case 'default':
      return 'default'
    case 'file':
      return `${source.file} line ${source.line}`
    case 'environment':
      return source.variable
    case 'flag':
      return source.flag
  }
}

/** The same, with the name of the option added where the source alone does not say it, as in a YAML file. */
export function placeText(source: Source): string {
  return source.kind === 'file' ? `${sourceText(source)}: ${source.key}` : sourceText(source)
}

export type Sources = ReadonlyMap<string, Source>
