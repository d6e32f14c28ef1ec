// The refusals of client registration. RFC 7591 §3.2.2, RFC 7592 §2.

import { InvalidClient } from '../../model/client/settings.ts'
import { OAuthError } from '../../protocol/errors.ts'

type RegistrationError =
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'invalid_software_statement'
  | 'unapproved_software_statement'

export function refusal(error: RegistrationError, rule: string, description: string): OAuthError {
  return new OAuthError({
    error,
    // RFC 6749 §5.2 allows no double quote in a description.
    description: description.replaceAll('"', "'"),
    rule,
    clause: 'RFC 7591 §3.2.2',
  })
}

/** What is wrong with the metadata; a redirect URI has an error code of its own. */
export function metadataRefusal({ problems }: InvalidClient): OAuthError {
  const uri = problems.find(({ setting }) => setting === 'redirect_uris')
  if (uri !== undefined)
    return refusal('invalid_redirect_uri', 'redirect_uri_unregistrable', `${uri.setting} ${uri.problem}`)
  const text = problems.map(({ setting, problem }) => `${setting} ${problem}`).join('; ')
  return refusal('invalid_client_metadata', 'client_metadata_invalid', text)
}

/** Runs what may throw `InvalidClient`. */
export function orRefusal<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw error instanceof InvalidClient ? metadataRefusal(error) : error
  }
}
