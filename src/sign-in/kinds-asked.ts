// What this person's consent would cover: the kinds of data that the client receives, and what it could do elsewhere in
// their name. If a remembered consent lacks one of these words, the person is asked again.

import { consentKinds } from '../claims/kinds.ts'
import type { Client } from '../model/client/client.ts'
import { type AuthorizationRequest, wishesOf } from '../model/interaction.ts'
import { scopeWords } from '../protocol/scope.ts'

/** Words separated by spaces. */
export function kindsAsked(client: Client, request: AuthorizationRequest): string {
  const kinds = consentKinds(client, request.scope.split(' '), wishesOf(request))
  return [...kinds, ...resourceWords(request)].join(' ')
}

/**
 * The word `URI#scope` means one scope at one resource. An identifier has no fragment, so it cannot be mistaken for
 * another.
 */
function resourceWords({ resources = [] }: AuthorizationRequest): readonly string[] {
  return resources.flatMap(({ identifier, name, scope }) =>
    name === null ? [] : [identifier, ...scopeWords(scope).map((word) => `${identifier}#${word}`)],
  )
}

/** The reverse: what a remembered consent lets the client do elsewhere. */
export function resourcesAgreedTo(
  kinds: string,
): readonly { readonly identifier: string; readonly scope: readonly string[] }[] {
  const words = scopeWords(kinds).filter((word) => word.includes(':') && !word.startsWith('custom.'))
  return words
    .filter((word) => !word.includes('#'))
    .map((identifier) => ({
      identifier,
      scope: words.flatMap((word) => (word.startsWith(`${identifier}#`) ? [word.slice(identifier.length + 1)] : [])),
    }))
}
