// How the operator's product looks and names itself on every page.

export interface Brand {
  /** Shown in the header and after every page title. */
  readonly productName: string
  /** A path on our own origin (`/brand/logo.svg`) or a `data:image/` URL; anything else is not shown. */
  readonly logo?: string
  /** One character shown in a tile where there is no logo. Default: the product name's first. */
  readonly mark?: string
  /** `#rgb` or `#rrggbb`. Text and control colours are derived from it so that contrast always holds. */
  readonly accent?: string
  /** Who runs the server; named in the footer and wherever a person needs somebody to ask. */
  readonly operatorName?: string
  /** The operator's ICP filing, such as `京ICP备12345678号-1`. */
  readonly icp?: string
  /** The public security filing: its text (`京公网安备 11010802012345号`) and the number that its link carries. */
  readonly gongan?: { readonly text: string; readonly recordCode: string }
  readonly privacyUrl?: string
  readonly termsUrl?: string
}

export const DEFAULT_BRAND = { productName: 'Lingpai 令牌', mark: '令' } as const satisfies Brand

/**
 * What was given, and the operator's name where no other was: it is also what stands in the header, unless the product has a
 * name of its own.
 */
export function brandOf(given: Partial<Brand>, operatorName: string | null): Brand {
  const operator = given.operatorName ?? operatorName
  const productName = given.productName ?? operator ?? DEFAULT_BRAND.productName
  return {
    ...(productName === DEFAULT_BRAND.productName && { mark: DEFAULT_BRAND.mark }),
    ...given,
    productName,
    ...(operator !== null && { operatorName: operator }),
  }
}

/** One value as long as the name stays, so that what was made for it can be kept. */
export function brandNow(given: Partial<Brand>, operatorName: () => string | null): () => Brand {
  let name = operatorName()
  let brand = brandOf(given, name)
  return () => {
    const now = operatorName()
    if (now !== name) {
      name = now
      brand = brandOf(given, now)
    }
    return brand
  }
}

/** Jade, the stone of old tokens of authority. */
export const DEFAULT_ACCENT = '#0c6b64'

/** `#rrggbb` in lower case, or null when the text is no colour we can compute with. */
export function parseAccent(text: string): string | null {
  const match = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(text.trim())
  const digits = match?.[1]?.toLowerCase()
  if (digits === undefined) return null
  return digits.length === 6 ? `#${digits}` : `#${digits.replace(/./g, '$&$&')}`
}
