// Kinds of the settings by which a client presents itself: names in several languages, its picture, how to reach it, and
// where it begins a sign-in. RFC 7591 §2 and §2.2, OpenID Connect Registration §2.

import { type Kind, text } from '../setting.ts'

const wrong = (problem: string) => ({ problem })

/** Shown to operators as it is. */
export function contactProblem(contact: string): string | null {
  const parsed = text(200).parse(contact)
  return 'problem' in parsed ? parsed.problem : null
}

export function acrProblem(acr: string): string | null {
  return /^[\x21-\x7e]{1,255}$/.test(acr) ? null : 'is no name of an authentication class'
}

/** OpenID Connect Core §4: it must use https. */
export const httpsAddress: Kind<string | null> = {
  describes: 'an address that begins with https://',
  parse(value) {
    if (value === null) return { value }
    const url = typeof value === 'string' && value.length <= 2_048 && URL.canParse(value) ? new URL(value) : null
    if (typeof value !== 'string' || url?.protocol !== 'https:' || !/^https:\/\/[\x21-\x7e]+$/.test(value)) {
      return wrong('must be an address that begins with https://')
    }
    if (url.username !== '' || url.password !== '') return wrong('must not hold a user name or password')
    return value.includes('#') ? wrong('must not hold a fragment') : { value }
  },
}

const MOST_NAMES = 20
/** BCP 47, as far as its shape goes. */
export const LANGUAGE_TAG = /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}$/

export const namesKind: Kind<Readonly<Record<string, string>>> = {
  describes: 'a map: language tag to name',
  parse(value) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return wrong('must be a map of language tags')
    const entries = Object.entries(value)
    if (entries.length > MOST_NAMES) return wrong(`has more than ${MOST_NAMES} entries`)
    const names = new Map<string, string>()
    for (const [tag, name] of entries) {
      if (!LANGUAGE_TAG.test(tag)) return wrong(`holds ${JSON.stringify(tag.slice(0, 40))}, which is no language tag`)
      const parsed = text(100).parse(name)
      if ('problem' in parsed) return wrong(`for ${tag} ${parsed.problem}`)
      if (parsed.value !== null) names.set(tag, parsed.value)
    }
    return { value: Object.fromEntries(names) }
  },
}

const STORED_LOGO = /^[0-9a-f]{32}\/[A-Za-z0-9._-]{1,100}$/

export const logoKind: Kind<string | null> = {
  describes: 'set by the server',
  parse: (value) =>
    value === null || (typeof value === 'string' && STORED_LOGO.test(value))
      ? { value }
      : wrong('is set by the server: give logo_uri, or a file with --logo-file'),
}

/** The name in the reader's language: exactly, else the same language elsewhere, else the plain one. */
export function nameIn(
  client: { readonly client_name: string; readonly names: Readonly<Record<string, string>> },
  locale: string,
): string {
  const wanted = locale.toLowerCase()
  const [language = ''] = wanted.split('-')
  const tags = Object.keys(client.names)
  const best =
    tags.find((tag) => tag.toLowerCase() === wanted) ?? tags.find((tag) => tag.toLowerCase().split('-')[0] === language)
  return (best === undefined ? undefined : client.names[best]) ?? client.client_name
}
