// Whether coordinates are a point that a public key may be: on its curve, and not one of the few with which everybody
// can sign or decrypt. NIST SP 800-186 §3.2, RFC 7748 §4.1, RFC 8032 §5.1.

/** y² = x³ - 3x + b, modulo a prime. */
const WEIERSTRASS: Readonly<Record<string, { readonly p: bigint; readonly b: bigint }>> = {
  'P-256': {
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  'P-384': {
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  'P-521': {
    p: 2n ** 521n - 1n,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
}

const P = 2n ** 255n - 19n
/** Of Ed25519: -x² + y² = 1 + d·x²·y². */
const D = 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n
/** The y of the points on Ed25519 whose order divides 8: every text has a signature of theirs that anybody can make. */
const SMALL_Y: readonly bigint[] = signs([0n, 1n, 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n])
/** The same of X25519: what is agreed on with one of them is zero. */
const SMALL_U: readonly bigint[] = [
  0n,
  1n,
  P - 1n,
  0xb8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0n,
  0x57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5fn,
]

/**
 * `curve` is the `crv` of a JWK; false for one that is not known here. `coordinates` are those of the JWK, each of the
 * length that the curve needs: x and y with the highest byte first; for Ed25519 and X25519 x alone, with the lowest
 * byte first (RFC 8037 §2).
 */
export function isUsablePoint(curve: string, coordinates: readonly Uint8Array[]): boolean {
  const [first = new Uint8Array(), second = new Uint8Array()] = coordinates
  if (curve === 'Ed25519') return isOnEd25519(numberOf(first.toReversed()) & (2n ** 255n - 1n))
  // RFC 7748 §5: the highest bit counts for nothing, and every number is a coordinate.
  if (curve === 'X25519') return !SMALL_U.includes((numberOf(first.toReversed()) & (2n ** 255n - 1n)) % P)
  const known = WEIERSTRASS[curve]
  if (known === undefined) return false
  const { p, b } = known
  const [x, y] = [numberOf(first), numberOf(second)]
  return x < p && y < p && (y * y - (x * x * x - 3n * x + b)) % p === 0n
}

/** RFC 8032 §5.1.3: there is an x for this y, and it is no point of small order. */
function isOnEd25519(y: bigint): boolean {
  if (y >= P || SMALL_Y.includes(y)) return false
  const square = (y * y) % P
  // x² is (y² - 1) / (d·y² + 1). By Euler's criterion it is a square exactly when this is 1; for that the product does as
  // well as the quotient.
  return power((square - 1n) * (D * square + 1n), (P - 1n) / 2n) === 1n
}

/** Each value and its negative, modulo P. */
function signs(values: readonly bigint[]): readonly bigint[] {
  return values.flatMap((each) => [each, (P - each) % P])
}

/** Modulo P. Its time depends on the numbers: for public keys only. */
function power(base: bigint, exponent: bigint): bigint {
  let [result, factor] = [1n, base % P]
  for (let left = exponent; left > 0n; left >>= 1n) {
    if ((left & 1n) === 1n) result = (result * factor) % P
    factor = (factor * factor) % P
  }
  return result
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}
