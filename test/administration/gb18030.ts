// Text as Chinese Excel saves it: GB18030 bytes, found by asking the decoder for every pair of bytes.

const bytesOf = new Map<string, Uint8Array>()
const decoder = new TextDecoder('gb18030')
for (let first = 0x81; first <= 0xfe; first++) {
  for (let second = 0x40; second <= 0xfe; second++) {
    const pair = Uint8Array.of(first, second)
    const text = decoder.decode(pair)
    if (text.length === 1 && text !== '\ufffd' && !bytesOf.has(text)) bytesOf.set(text, pair)
  }
}

export function gb18030(text: string): Uint8Array {
  const parts = Array.from(text, (character) => {
    if (character < '\u0080') return Uint8Array.of(character.charCodeAt(0))
    const bytes = bytesOf.get(character)
    if (bytes === undefined) throw new Error(`${character} is not in the two-byte part of GB18030`)
    return bytes
  })
  return Buffer.concat(parts)
}
