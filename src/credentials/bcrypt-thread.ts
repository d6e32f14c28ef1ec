// The thread that computes bcrypt: in plain JavaScript it would hold up the event loop for a tenth of a second at a time.

import { parentPort } from 'node:worker_threads'
import { compareSync } from 'bcryptjs'

export interface BcryptQuestion {
  readonly id: number
  readonly password: string
  readonly text: string
}

export type BcryptAnswer =
  | { readonly id: number; readonly matches: boolean }
  | { readonly id: number; readonly error: string }

parentPort?.on('message', ({ id, password, text }: BcryptQuestion) => {
  let answer: BcryptAnswer
  try {
    answer = { id, matches: compareSync(password, text) }
  } catch (error) {
    answer = { id, error: error instanceof Error ? error.message : String(error) }
  }
  parentPort?.postMessage(answer, [])
})
