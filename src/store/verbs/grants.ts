// Verbs about grants and their codes. Reads bring everything a decision rests on in one call; writes repeat the decision
// as guards, so that whatever changed in between is noticed.

import type { ClientRecord } from '../../model/client/client.ts'
import type { Consent } from '../../model/consent.ts'
import type { SecurityEvent } from '../../model/event.ts'
import type { AuthorizationCode, Grant } from '../../model/grant.ts'
import type { Seconds } from '../../model/time.ts'
import { asFlag } from '../column-values.ts'
import type { Driver, Step } from '../database/driver.ts'
import { step } from '../database/driver.ts'
import * as sql from '../statements/authorization-code.ts'
import { holdConsent, upsertConsent } from '../statements/consent.ts'
import { type FoundGrant, insertGrant, toFoundGrant } from '../statements/grant.ts'
import { finishInteraction } from '../statements/interaction.ts'
import { grantPlaced, sessionPlaced } from '../statements/place.ts'
import { touchSession } from '../statements/session.ts'
import type { ClientReader } from './client-reader.ts'
import { allowDeviceStep } from './device-requests.ts'
import { revokeGrantSteps } from './endings.ts'
import { eventSteps } from './events.ts'
import { heldAtFreePlaces } from './places.ts'
import { finishPushedStep } from './pushed-requests.ts'
import { accessTokenSteps, familyStep, type NewAccessToken, type NewRefreshToken } from './tokens.ts'

export { MOST_CODE_FAILURES } from '../statements/authorization-code.ts'

export type NewGrant = Omit<Grant, 'userGeneration' | 'authenticatedAt' | 'amr'>

export interface NewCode {
  readonly hash: Uint8Array
  readonly redirectUri: string
  readonly codeChallenge: string | null
  readonly nonce: string | null
  readonly keyThumbprint: string | null
  readonly expiresAt: Seconds
}

export interface GrantVerbs {
  /**
   * Writes a grant together with what the authorization endpoint gives under it: a code, an access token, both, or
   * neither (ID tokens are not stored). In the same step it ends the interaction (once) and remembers a fresh consent.
   * False: session, user, client, consent or interaction are no longer what the decision was based on.
   */
  issueCode(
    grant: NewGrant,
    code: NewCode | null,
    beside: {
      readonly accessToken?: NewAccessToken
      readonly interactionId?: string
      /** The request was pushed: the hash of its reference in base64url. It is answered once. */
      readonly pushed?: string
      /** A device has asked, and fetches its tokens itself: the hash of its code in base64url. */
      readonly device?: string
      readonly consent?: Consent
      /** The decision is based on a remembered consent, which must still be there. */
      readonly remembered: boolean
      /** Whether the session's idle time starts again. */
      readonly touch: boolean
      readonly events: readonly SecurityEvent[]
    },
  ): Promise<boolean>
  /** Null: no such client. The code is returned whichever client it belongs to. */
  findClientWithCode(
    clientId: string,
    hash: Uint8Array,
  ): Promise<{
    readonly client: ClientRecord
    readonly code: (FoundGrant & { readonly code: AuthorizationCode }) | null
  } | null>
  /** True for exactly one caller. False: the code is consumed, expired or dead, or its grant no longer holds. */
  redeemCode(
    hash: Uint8Array,
    accessToken: NewAccessToken,
    refreshToken: NewRefreshToken | null,
    now: Seconds,
  ): Promise<boolean>
  countCodeFailure(hash: Uint8Array): Promise<void>
  revokeGrant(grantId: string, event: SecurityEvent): Promise<void>
}

export function createGrantVerbs(driver: Driver, clients: ClientReader): GrantVerbs {
  return {
    async issueCode(grant, code, { accessToken, interactionId, pushed, device, consent, remembered, touch, events }) {
      const steps: Step[] = []
      if (interactionId !== undefined)
        steps.push(step(finishInteraction, { interaction_id: interactionId }, 'interaction'))
      if (pushed !== undefined) steps.push(finishPushedStep(pushed))
      if (device !== undefined) steps.push(allowDeviceStep(device, grant.grantId, grant.issuedAt))
      if (remembered) steps.push(step(holdConsent, { user_id: grant.userId, client_id: grant.clientId }, 'consent'))
      steps.push(grantStep(grant))
      if (code !== null) steps.push(codeStep(grant, code))
      if (accessToken !== undefined) steps.push(...accessTokenSteps(accessToken))
      if (touch) steps.push(step(touchSession, { ...sessionPlaced(grant.sessionId), now: grant.issuedAt }))
      if (consent !== undefined) {
        steps.push(
          step(upsertConsent, {
            user_id: consent.userId,
            client_id: consent.clientId,
            scope: consent.scope,
            kinds: consent.kinds,
            now: consent.givenAt,
          }),
        )
      }
      return await heldAtFreePlaces(driver, [...steps, ...eventSteps(events)])
    },

    async findClientWithCode(clientId, hash) {
      const [row] = await driver.rows(sql.findClientWithCode, { client_id: clientId, hash })
      if (row === undefined) return null
      if (row.grant_state === null) return { client: await clients.known(row), code: null }
      const code: AuthorizationCode = {
        grantId: row.grant_id,
        redirectUri: row.redirect_uri,
        codeChallenge: row.code_challenge,
        nonce: row.nonce,
        keyThumbprint: row.code_key,
        issuedAt: row.code_issued_at,
        expiresAt: row.code_expires_at,
        consumedAt: row.consumed_at,
        failures: row.failures,
      }
      return { client: await clients.known(row), code: { code, ...toFoundGrant(row) } }
    },

    async redeemCode(hash, accessToken, refreshToken, now) {
      return await heldAtFreePlaces(driver, [
        step(sql.consumeCode, { hash, now }, 'code'),
        ...accessTokenSteps(accessToken),
        ...(refreshToken === null ? [] : [familyStep(refreshToken)]),
      ])
    },

    async countCodeFailure(hash) {
      await driver.atomic([step(sql.countCodeFailure, { hash })])
    },

    async revokeGrant(grantId, event) {
      await driver.atomic([...revokeGrantSteps(grantId, event.at), ...eventSteps([event])])
    },
  }
}

function grantStep(grant: NewGrant): Step {
  const bind = {
    ...grantPlaced(grant.grantId),
    client_id: grant.clientId,
    client_generation: grant.clientGeneration,
    user_id: grant.userId,
    ...sessionPlaced(grant.sessionId),
    offline: asFlag(grant.offline),
    scope_asked: grant.scopeAsked,
    scope: grant.scope,
    claims: grant.claims === null ? null : JSON.stringify(grant.claims),
    resources: grant.resources.length === 0 ? null : grant.resources.join(' '),
    expires_at: grant.expiresAt,
    now: grant.issuedAt,
  }
  return step(insertGrant, bind, 'grant')
}

function codeStep({ grantId, issuedAt }: NewGrant, code: NewCode): Step {
  return step(sql.insertCode, {
    hash: code.hash,
    ...grantPlaced(grantId),
    redirect_uri: code.redirectUri,
    code_challenge: code.codeChallenge,
    nonce: code.nonce,
    key_thumbprint: code.keyThumbprint,
    now: issuedAt,
    expires_at: code.expiresAt,
  })
}
