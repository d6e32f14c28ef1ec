// Instants and spans as the records keep them.

/** Whole seconds: an instant since 1970-01-01T00:00:00Z, or a span. */
export type Seconds = number
