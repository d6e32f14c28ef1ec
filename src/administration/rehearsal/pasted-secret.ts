// A secret that the operator pastes, compared with the real client's stored digest, and what came along with it.

import { digestClientSecret } from '../../credentials/client-secret.ts'
import { sameBytes } from '../../credentials/digest.ts'
import type { MasterKey } from '../../credentials/master-key.ts'
import { type ClientRecord, hasSecret } from '../../model/client/client.ts'
import { type Line, line } from './lines.ts'
import { together, secret as words } from './words.ts'

export interface PastedSecret {
  /** The real client would authenticate with it, once what was pasted around it is gone. */
  readonly matches: boolean
  /** Blanks before and after it; a single final line end is counted on its own. */
  readonly leadingBlanks: number
  readonly trailingBlanks: number
  readonly lineEnd: boolean
}

/** Compares the text as it is and without its blanks, both in constant time and both in any case. */
export function checkPastedSecret(master: MasterKey, { secretHash }: ClientRecord, pasted: string): PastedSecret {
  const withoutLineEnd = pasted.replace(/\r?\n$/, '')
  const trimmed = withoutLineEnd.trim()
  const stored = secretHash ?? new Uint8Array(32)
  const asIs = sameBytes(digestClientSecret(master, withoutLineEnd), stored)
  const bare = sameBytes(digestClientSecret(master, trimmed), stored)
  const lineEnd = withoutLineEnd !== pasted
  // A secret an operator brought may itself begin or end with a blank.
  if (asIs) return { matches: secretHash !== null, leadingBlanks: 0, trailingBlanks: 0, lineEnd }
  const leadingBlanks = trimmed === '' ? 0 : withoutLineEnd.length - withoutLineEnd.trimStart().length
  return {
    matches: bare && secretHash !== null,
    leadingBlanks,
    trailingBlanks: withoutLineEnd.length - trimmed.length - leadingBlanks,
    lineEnd,
  }
}

const CLAUSE = 'RFC 6749 §2.3.1'

export function pastedSecretLines(
  { client, secretHash }: ClientRecord,
  pasted: string,
  found: PastedSecret,
): readonly Line[] {
  if (!hasSecret(client)) {
    return [line('bad', CLAUSE, words.noneKept, words.noneKeptWhy(client.token_endpoint_auth_method))]
  }
  if (secretHash === null) return [line('bad', CLAUSE, words.missing, words.wrongWhy(client.client_id))]
  if (!found.matches) {
    const bare = pasted.trim()
    const why = words.wrongWhy(client.client_id)
    if (bare === '') return [line('bad', CLAUSE, words.wrong, words.empty)]
    return [line('bad', CLAUSE, words.wrong, bare === client.client_id ? together(words.isClientId, why) : why)]
  }
  const { leadingBlanks, trailingBlanks, lineEnd } = found
  return [
    leadingBlanks + trailingBlanks > 0
      ? line('bad', CLAUSE, words.blanks, words.blanksWhy(leadingBlanks, trailingBlanks))
      : line('ok', CLAUSE, words.right),
    ...(lineEnd ? [line('note', CLAUSE, words.lineEnd, words.lineEndWhy)] : []),
  ]
}
