// Authentication context classes: how surely somebody has signed in. OpenID Connect Core §2 (`acr`), §5.5.1.1.

import { type ClaimWish, isWanted } from './claims-request.ts'
import { OAuthError } from './errors.ts'

/** A password over a protected connection, under the name that SAML 2.0 gave it and OpenID Providers use. */
export const PASSWORD_CLASS = 'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport'

export const ACR_VALUES: readonly string[] = [PASSWORD_CLASS]

/** The class that these methods (RFC 8176) amount to; null: none that has a name here. */
export function acrOf(amr: readonly string[]): string | null {
  return amr.includes('pwd') ? PASSWORD_CLASS : null
}

/**
 * OpenID Connect Core §5.5.1.1: if an essential class cannot be met, the authentication has failed; everything else is
 * a wish.
 */
export function assertMeetable(wish: ClaimWish | undefined): void {
  if (wish?.essential !== true || ACR_VALUES.some((acr) => isWanted(wish, acr))) return
  throw new OAuthError({
    error: 'unmet_authentication_requirements',
    description: 'This server has none of the authentication classes that acr must have',
    rule: 'acr_unmet',
    clause: 'OpenID Connect Core §5.5.1.1',
  })
}
