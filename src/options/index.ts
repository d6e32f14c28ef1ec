// The front door of the options.

export { brandFrom } from './brand.ts'
export { assertServable } from './contradictions.ts'
export { DEFAULT_LIFETIMES, DEFAULT_LIMITS, type Lifetimes, type Limits } from './defaults.ts'
export { describeOptions, showOptions } from './describe.ts'
export { defaultIssuer, isLoopback, originsOf } from './issuer.ts'
export { type LoadedOptions, loadOptions, type OptionsInput, optionFlags } from './load.ts'
export { OptionsError } from './problem.ts'
export type { Options } from './table.ts'
export { sshDestination, type TerminalLanguage, terminalLanguage } from './terminal.ts'
