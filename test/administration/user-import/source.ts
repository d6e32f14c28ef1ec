// A file of an import as a test holds it: its bytes, in pieces of any size.

import type { ImportSource } from '../../../src/administration/user-import/index.ts'

export function source(content: string | Uint8Array, piece = 65_536): ImportSource {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content
  return {
    async *read() {
      for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece)
    },
  }
}
