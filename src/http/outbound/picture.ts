// Pictures that somebody else names or uploads: fetched once through the guarded client, and judged by their first
// bytes alone. SVG can contain scripts and is never accepted.

import { createHash } from 'node:crypto'
import type { OutboundClient } from './client.ts'

export interface Picture {
  readonly mediaType: string
  readonly content: Uint8Array
  /** 32 hexadecimal digits of its SHA-256. */
  readonly digest: string
  /** The last part of its address, or made from its type. */
  readonly fileName: string
}

const MOST_BYTES = 262_144
const MILLISECONDS = 3_000

const text = (content: Uint8Array, from: number, to: number) =>
  Buffer.from(content.subarray(from, to)).toString('latin1')

function mediaTypeOf(content: Uint8Array): { readonly type: string; readonly ending: string } | null {
  if (text(content, 0, 8) === '\x89PNG\r\n\x1a\n') return { type: 'image/png', ending: 'png' }
  if (text(content, 0, 3) === '\xff\xd8\xff') return { type: 'image/jpeg', ending: 'jpg' }
  if (text(content, 0, 4) === 'RIFF' && text(content, 8, 12) === 'WEBP') return { type: 'image/webp', ending: 'webp' }
  return /^GIF8[79]a$/.test(text(content, 0, 6)) ? { type: 'image/gif', ending: 'gif' } : null
}

/** The picture; or what is wrong, as the end of a sentence that begins with the picture's name. */
export function readPicture(content: Uint8Array, name: string): Picture | { readonly problem: string } {
  if (content.length > MOST_BYTES) return { problem: `has more than ${MOST_BYTES} bytes` }
  const found = mediaTypeOf(content)
  if (found === null) return { problem: 'is no PNG, JPEG, WebP or GIF' }
  return {
    mediaType: found.type,
    content,
    digest: createHash('sha256').update(content).digest('hex').slice(0, 32),
    fileName: /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/.test(name) ? name : `logo.${found.ending}`,
  }
}

async function fetchPicture(outbound: OutboundClient, url: string): Promise<Picture | { readonly problem: string }> {
  const answer = await outbound.ask({
    url,
    // The server's media type says less than the first bytes.
    mediaTypes: ['image/png', 'image/jpeg', 'image/webp', 'image/gif', '*'],
    mostBytes: MOST_BYTES,
    milliseconds: MILLISECONDS,
    redirects: 2,
  })
  if (answer.kind === 'failed') return { problem: `could not be fetched: ${answer.reason}` }
  return readPicture(answer.body, new URL(url).pathname.split('/').at(-1) ?? '')
}

interface Pictured {
  readonly logo_uri: string | null
  readonly logo: string | null
}

export interface PictureChange {
  /** The value that the setting `logo` gets. */
  readonly logo: string | null
  /** Null removes the stored picture; undefined leaves it as it is. */
  readonly picture?: Picture | null
  /** Why there is no picture although an address was given. */
  readonly problem?: string
}

/** Fetches the picture when its address is new, or when there is no picture yet. */
export async function changedPicture(
  outbound: OutboundClient,
  now: Pictured,
  former: Pictured | null,
): Promise<PictureChange> {
  const { logo_uri: uri, logo } = now
  if (former !== null && former.logo_uri === uri && (uri === null || logo !== null)) {
    return logo === null && former.logo !== null ? { logo, picture: null } : { logo }
  }
  if (uri === null) return { logo: null, picture: null }
  const picture = await fetchPicture(outbound, uri)
  if ('problem' in picture) return { logo: null, picture: null, problem: `The picture at logo_uri ${picture.problem}` }
  return { logo: logoOf(picture), picture }
}

export function logoOf({ digest, fileName }: Picture): string {
  return `${digest}/${fileName}`
}
