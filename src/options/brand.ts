// The brand's options as pages want them: the logo file becomes part of the page, so that no page needs another host
// or a folder of files.

import { readFileSync, statSync } from 'node:fs'
import { OptionsError } from './problem.ts'
import type { Options } from './table.ts'

export interface BrandSettings {
  readonly productName?: string
  /** `data:image/…` */
  readonly logo?: string
  readonly accent?: string
  readonly operatorName?: string
  readonly icp?: string
  readonly gongan?: { readonly text: string; readonly recordCode: string }
  readonly privacyUrl?: string
  readonly termsUrl?: string
}

/** Bytes. Every page contains the logo, so it has to be small. */
const LARGEST_LOGO = 64 * 1024

/** Throws `OptionsError` when the logo cannot be used. */
export function brandFrom(brand: Options['brand']): BrandSettings {
  const { productName, logo, accent, operatorName, icp, gongan, gonganCode, privacyUrl, termsUrl } = brand
  return {
    ...(productName !== null && { productName }),
    ...(logo !== null && { logo: readLogo(logo) }),
    ...(accent !== null && { accent }),
    ...(operatorName !== null && { operatorName }),
    ...(icp !== null && { icp }),
    ...(gongan !== null && { gongan: { text: gongan, recordCode: gonganCode ?? gongan.replace(/\D/g, '') } }),
    ...(privacyUrl !== null && { privacyUrl }),
    ...(termsUrl !== null && { termsUrl }),
  }
}

function readLogo(path: string): string {
  let content: Buffer
  try {
    const facts = statSync(path)
    if (!facts.isFile()) throw new OptionsError([`brand.logo: ${path} is not a file`])
    if (facts.size > LARGEST_LOGO) {
      throw new OptionsError([
        `brand.logo: ${path} has ${facts.size} bytes; at most ${LARGEST_LOGO}, because every page carries it`,
      ])
    }
    content = readFileSync(path)
  } catch (error) {
    if (error instanceof OptionsError) throw error
    throw new OptionsError([
      `brand.logo: ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    ])
  }
  const type = imageType(content)
  if (type === null) throw new OptionsError([`brand.logo: ${path} is no SVG, PNG, JPEG, WebP or GIF image`])
  return `data:${type};base64,${content.toString('base64')}`
}

/** The type is recognised by the content, because a file name proves nothing. */
function imageType(content: Buffer): string | null {
  const head = content.subarray(0, 12).toString('latin1')
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (/^GIF8[79]a/.test(head)) return 'image/gif'
  if (head.startsWith('RIFF') && head.endsWith('WEBP')) return 'image/webp'
  return /^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*(<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/i.test(
    content.toString('utf8').replace(/^\uFEFF/, ''),
  )
    ? 'image/svg+xml'
    : null
}
