// How a check that has passed becomes a type.

declare const evidence: unique symbol

/** A value only one function can make: holding it proves that function's check has passed. */
export type Evidence<T, Claim extends string> = T & { readonly [evidence]: Claim }
