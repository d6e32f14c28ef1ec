// JWTs that others have made, taken apart before anything in them is believed. RFC 7515 §3.1, RFC 7519 §7.2.

export interface UnverifiedJwt {
  /** As it was sent. */
  readonly text: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * The parts; or what is wrong, as the end of a sentence that begins with what the text is. `unsigned`: the signature
 * may be empty (RFC 7515 appendix A.5), and the caller checks the algorithm.
 */
export function readJwt(
  text: string,
  longest: number,
  { unsigned = false }: { readonly unsigned?: boolean } = {},
): UnverifiedJwt | { readonly problem: string } {
  if (text.length > longest) return { problem: `is longer than ${longest} characters` }
  const [head, body, signature, ...rest] = text.split('.', 5)
  if (head === undefined || body === undefined || signature === undefined || rest.length > 0) {
    return { problem: 'is no signed JWT: three parts separated by dots' }
  }
  if ((signature === '' && !unsigned) || decodeBytes(signature) === null) return { problem: 'has no signature' }
  const header = decodeObject(head)
  const claims = decodeObject(body)
  if (header === null || claims === null) return { problem: 'holds no JSON object in base64url' }
  return { text, header, claims }
}

/** Accepts canonical base64url only: Node would skip foreign letters and ignore leftover bits. */
export function decodeBytes(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : null
}

export function decodeObject(text: string): Readonly<Record<string, unknown>> | null {
  const bytes = decodeBytes(text)
  if (bytes === null) return null
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}
