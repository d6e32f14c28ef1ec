// What a step of the set-up is: it shows itself, and takes its forms by name.

import type { HttpReply } from '../../../http/message.ts'
import type { Parameters } from '../../../protocol/parameters.ts'
import type { StepName } from '../progress.ts'
import type { OpenSetUp } from '../visit.ts'

export interface Submitted {
  readonly fields: Parameters
  /** Bytes of an uploaded file. */
  readonly file: Uint8Array | null
}

export interface Step {
  readonly name: StepName
  /** Null: something it needs is missing, an earlier step has to be done again. */
  show(open: OpenSetUp): Promise<HttpReply | StepName>
  /** By the name in the form's address. What was sent is from our own form. */
  readonly forms: Readonly<Record<string, (open: OpenSetUp, sent: Submitted) => Promise<HttpReply | StepName>>>
}
