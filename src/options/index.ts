// The front door of the options.

export { type BrandSettings, brandFrom } from './brand.ts'
export { assertServable } from './contradictions.ts'
export { DEFAULT_LIFETIMES, DEFAULT_LIMITS, type Lifetimes, type Limits } from './defaults.ts'
export { describeOptions, type OptionDescription, type ShownOption, showOptions } from './describe.ts'
export { defaultIssuer, isLoopback, issuerAddress, originsOf } from './issuer.ts'
export { type LoadedOptions, loadOptions, type OptionsInput, optionFlags } from './load.ts'
export { OptionsError, type Source, type Sources } from './problem.ts'
export type { OptionKey, Options } from './table.ts'
export { speaksChinese } from './terminal.ts'
