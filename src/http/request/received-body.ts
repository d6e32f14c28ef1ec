// The bytes of a body while it arrives. They are copied together: otherwise a sender of single bytes would have an
// object of two hundred bytes kept for each of them, and 16 MiB would take all the memory there is.

import { EMPTY_BODY } from './body-limits.ts'

export class ReceivedBody {
  #bytes: Uint8Array = EMPTY_BODY
  #length = 0

  get length(): number {
    return this.#length
  }

  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.length
    // Most bodies come in one piece, which is kept as it is.
    if (this.#length === 0) this.#bytes = chunk
    else {
      if (length > this.#bytes.length) {
        const larger = Buffer.allocUnsafe(2 * length)
        larger.set(this.#bytes.subarray(0, this.#length))
        this.#bytes = larger
      }
      this.#bytes.set(chunk, this.#length)
    }
    this.#length = length
  }

  /** The whole body, to be called when nothing more is added. */
  whole(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }
}
