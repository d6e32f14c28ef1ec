// Verbs about codes and tokens. Reads bring everything a decision rests on in one call; writes repeat the decision as
// guards, so that whatever changed in between is noticed.

import type { ClientRecord } from '../model/client.ts'
import type { Consent } from '../model/consent.ts'
import type { SecurityEvent } from '../model/event.ts'
import type { AccessToken, AuthorizationCode, Grant, RefreshToken, Rotation } from '../model/grant.ts'
import type { Seconds } from '../model/time.ts'
import type { User } from '../model/user.ts'
import type { Driver, Step } from './driver.ts'
import { step } from './driver.ts'
import { eventSteps } from './events.ts'
import { asFlag, flag, words } from './rows.ts'
import type { ClientRow } from './statements/client.ts'
import type { GrantRow, GrantState, RefreshColumns, TokenColumns } from './statements/grant.ts'
import * as sql from './statements/grant.ts'
import { finishInteraction } from './statements/interaction.ts'
import { holdConsent, touchSession, upsertConsent } from './statements/session.ts'
import { toUser } from './statements/user.ts'

export { type GrantState, MOST_CODE_FAILURES } from './statements/grant.ts'

/** What a redeemed artefact stands for, as it is now. */
export interface FoundGrant {
  readonly grant: Pick<Grant, 'grantId' | 'clientId' | 'userId' | 'sessionId' | 'offline' | 'scopeAsked' | 'scope'> &
    Pick<Grant, 'amr' | 'authenticatedAt' | 'issuedAt'>
  readonly user: User
  /** `live`, or the rule that it fails. */
  readonly state: GrantState
}

export interface NewGrant extends Omit<Grant, 'userGeneration' | 'authenticatedAt' | 'amr'> {
  /** When everything that hangs on it has expired; then the row may go. */
  readonly expiresAt: Seconds
}

export interface NewCode {
  readonly hash: Uint8Array
  readonly redirectUri: string
  readonly codeChallenge: string | null
  readonly nonce: string | null
  readonly expiresAt: Seconds
}

export interface NewAccessToken extends AccessToken {
  readonly hash: Uint8Array
  readonly clientGeneration: number
}

export interface NewRefreshToken extends Omit<RefreshToken, 'rotation'> {
  readonly hash: Uint8Array
}

export interface FoundAccessToken {
  readonly client: ClientRecord
  readonly token: AccessToken
  readonly revoked: boolean
  /** For tokens without a grant: the client is enabled and of the same generation. */
  readonly clientLive: boolean
  readonly granted: FoundGrant | null
}

/** A token as introspection and revocation find it. */
export type PresentedToken =
  | {
      readonly kind: 'access_token'
      readonly token: AccessToken
      readonly revoked: boolean
      readonly clientLive: boolean
      readonly grant: PresentedGrant | null
    }
  | { readonly kind: 'refresh_token'; readonly token: RefreshToken; readonly grant: PresentedGrant }

export interface PresentedGrant {
  readonly grantId: string
  readonly clientId: string
  readonly userId: string
  readonly username: string | null
  readonly scope: string
  readonly state: GrantState
}

export interface GrantVerbs {
  /**
   * One grant with its code. Ends the interaction it comes from (once) and remembers a fresh consent in the same
   * step. False: session, user, client, consent or interaction are no longer what the decision saw.
   */
  issueCode(
    grant: NewGrant,
    code: NewCode,
    beside: {
      readonly interactionId?: string
      readonly consent?: Consent
      /** The decision rests on a yes from before, which must still stand. */
      readonly remembered: boolean
      /** The session's idle time starts again. */
      readonly touch: boolean
      readonly events: readonly SecurityEvent[]
    },
  ): Promise<boolean>
  /** Null: no such client. The code is returned whoever it belongs to. */
  findClientWithCode(
    clientId: string,
    hash: Uint8Array,
  ): Promise<{
    readonly client: ClientRecord
    readonly code: (FoundGrant & { readonly code: AuthorizationCode }) | null
  } | null>
  /** True for exactly one caller; false: consumed, expired, dead, or its grant no longer holds. */
  redeemCode(
    hash: Uint8Array,
    accessToken: NewAccessToken,
    refreshToken: NewRefreshToken | null,
    now: Seconds,
  ): Promise<boolean>
  countCodeFailure(hash: Uint8Array): Promise<void>
  findClientWithRefreshToken(
    clientId: string,
    hash: Uint8Array,
  ): Promise<{
    readonly client: ClientRecord
    readonly refresh: (FoundGrant & { readonly token: RefreshToken }) | null
  } | null>
  /** How far a refresh token has come: for the successor of a repeated one. */
  findRotation(hash: Uint8Array): Promise<RefreshToken['rotation'] | 'unused' | null>
  /** True for exactly one caller. */
  rotateRefreshToken(
    hash: Uint8Array,
    rotation: Rotation,
    accessToken: NewAccessToken,
    successor: NewRefreshToken,
  ): Promise<boolean>
  /** A token for the client itself. False: it was disabled meanwhile. */
  issueClientToken(accessToken: NewAccessToken): Promise<boolean>
  findAccessToken(hash: Uint8Array): Promise<FoundAccessToken | null>
  findClientWithToken(
    clientId: string,
    hash: Uint8Array,
  ): Promise<{ readonly client: ClientRecord; readonly presented: PresentedToken | null } | null>
  revokeGrant(grantId: string, event: SecurityEvent): Promise<void>
  revokeAccessToken(hash: Uint8Array, event: SecurityEvent): Promise<void>
}

export function createGrantVerbs(driver: Driver, read: (row: ClientRow) => ClientRecord): GrantVerbs {
  return {
    async issueCode(grant, code, { interactionId, consent, remembered, touch, events }) {
      const steps: Step[] = []
      if (interactionId !== undefined)
        steps.push(step(finishInteraction, { interaction_id: interactionId }, 'interaction'))
      if (remembered) steps.push(step(holdConsent, { user_id: grant.userId, client_id: grant.clientId }, 'consent'))
      steps.push(
        step(
          sql.insertGrant,
          {
            grant_id: grant.grantId,
            client_id: grant.clientId,
            client_generation: grant.clientGeneration,
            user_id: grant.userId,
            session_id: grant.sessionId,
            offline: asFlag(grant.offline),
            scope_asked: grant.scopeAsked,
            scope: grant.scope,
            expires_at: grant.expiresAt,
            now: grant.issuedAt,
          },
          'grant',
        ),
        step(sql.insertCode, {
          hash: code.hash,
          grant_id: grant.grantId,
          redirect_uri: code.redirectUri,
          code_challenge: code.codeChallenge,
          nonce: code.nonce,
          now: grant.issuedAt,
          expires_at: code.expiresAt,
        }),
      )
      if (touch) steps.push(step(touchSession, { session_id: grant.sessionId, now: grant.issuedAt }))
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
      return (await driver.atomic([...steps, ...eventSteps(events)])).held
    },

    async findClientWithCode(clientId, hash) {
      const [row] = await driver.rows(sql.findClientWithCode, { client_id: clientId, hash })
      if (row === undefined) return null
      if (row.hash === null || row.grant_state === null) return { client: read(row), code: null }
      const code: AuthorizationCode = {
        grantId: row.grant_id,
        redirectUri: row.redirect_uri,
        codeChallenge: row.code_challenge,
        nonce: row.nonce,
        issuedAt: row.code_issued_at,
        expiresAt: row.code_expires_at,
        consumedAt: row.consumed_at,
        failures: row.failures,
      }
      return { client: read(row), code: { code, grant: toGrant(row), user: toUser(row), state: row.grant_state } }
    },

    async redeemCode(hash, accessToken, refreshToken, now) {
      const result = await driver.atomic([
        step(sql.consumeCode, { hash, now }, 'code'),
        accessTokenStep(accessToken),
        ...(refreshToken === null ? [] : [refreshTokenStep(refreshToken)]),
      ])
      return result.held
    },

    async countCodeFailure(hash) {
      await driver.atomic([step(sql.countCodeFailure, { hash })])
    },

    async findClientWithRefreshToken(clientId, hash) {
      const [row] = await driver.rows(sql.findClientWithRefreshToken, { client_id: clientId, hash })
      if (row === undefined) return null
      if (row.hash === null || row.grant_state === null) return { client: read(row), refresh: null }
      const refresh = { token: toRefreshToken(row.grant_id, row), grant: toGrant(row), user: toUser(row) }
      return { client: read(row), refresh: { ...refresh, state: row.grant_state } }
    },

    async findRotation(hash) {
      const [row] = await driver.rows(sql.findRotation, { hash })
      return row === undefined ? null : (toRotation(row) ?? 'unused')
    },

    async rotateRefreshToken(hash, rotation, accessToken, successor) {
      const bind = {
        hash,
        now: rotation.rotatedAt,
        salt: rotation.salt,
        digest: rotation.requestDigest,
        scope: rotation.scope,
        address: rotation.address,
        user_agent: rotation.userAgent,
      }
      const result = await driver.atomic([
        step(sql.rotateRefreshToken, bind, 'refresh_token'),
        accessTokenStep(accessToken),
        refreshTokenStep(successor),
      ])
      return result.held
    },

    async issueClientToken(accessToken) {
      const bind = { client_id: accessToken.clientId, generation: accessToken.clientGeneration }
      return (await driver.atomic([step(sql.clientIsLive, bind, 'client'), accessTokenStep(accessToken)])).held
    },

    async findAccessToken(hash) {
      const [row] = await driver.rows(sql.findAccessToken, { hash })
      if (row === undefined) return null
      const granted =
        row.grant_state === null ? null : { grant: toGrant(row), user: toUser(row), state: row.grant_state }
      return {
        client: read(row),
        token: toAccessToken(granted?.grant.grantId ?? null, row),
        revoked: row.token_revoked_at !== null,
        clientLive: flag(row.token_client_live),
        granted,
      }
    },

    async findClientWithToken(clientId, hash) {
      const [row] = await driver.rows(sql.findClientWithToken, { client_id: clientId, hash })
      if (row === undefined) return null
      const grant: PresentedGrant | null =
        row.grant_state === null
          ? null
          : {
              grantId: row.grant_id,
              clientId: row.grant_client_id,
              userId: row.grant_user_id,
              username: row.username,
              scope: row.grant_scope,
              state: row.grant_state,
            }
      return { client: read(row), presented: toPresented(row, grant) }
    },

    async revokeGrant(grantId, event) {
      await driver.atomic([step(sql.revokeGrant, { grant_id: grantId, now: event.at }, 'live'), ...eventSteps([event])])
    },
    async revokeAccessToken(hash, event) {
      await driver.atomic([step(sql.revokeAccessToken, { hash, now: event.at }, 'live'), ...eventSteps([event])])
    },
  }
}

function toPresented(row: sql.PresentedRow, grant: PresentedGrant | null): PresentedToken | null {
  if (row.token_hash !== null) {
    return {
      kind: 'access_token',
      token: toAccessToken(grant?.grantId ?? null, row),
      revoked: row.token_revoked_at !== null,
      clientLive: flag(row.token_client_live),
      grant,
    }
  }
  if (row.refresh_hash === null || grant === null) return null
  return { kind: 'refresh_token', token: toRefreshToken(grant.grantId, row), grant }
}

function accessTokenStep(token: NewAccessToken): Step {
  return step(sql.insertAccessToken, {
    hash: token.hash,
    grant_id: token.grantId,
    client_id: token.clientId,
    client_generation: token.clientGeneration,
    scope: token.scope,
    now: token.issuedAt,
    expires_at: token.expiresAt,
  })
}

function refreshTokenStep(token: NewRefreshToken): Step {
  return step(sql.insertRefreshToken, {
    hash: token.hash,
    grant_id: token.grantId,
    now: token.issuedAt,
    expires_at: token.expiresAt,
    family_expires_at: token.familyExpiresAt,
  })
}

function toGrant(row: GrantRow): FoundGrant['grant'] {
  return {
    grantId: row.grant_id,
    clientId: row.grant_client_id,
    userId: row.grant_user_id,
    sessionId: row.grant_session_id,
    offline: flag(row.offline),
    scopeAsked: row.scope_asked,
    scope: row.grant_scope,
    amr: words(row.grant_amr),
    authenticatedAt: row.grant_authenticated_at,
    issuedAt: row.grant_issued_at,
  }
}

function toAccessToken(grantId: string | null, row: TokenColumns): AccessToken {
  return {
    grantId,
    clientId: row.token_client_id,
    scope: row.token_scope,
    issuedAt: row.token_issued_at,
    expiresAt: row.token_expires_at,
  }
}

function toRefreshToken(grantId: string, row: RefreshColumns): RefreshToken {
  return {
    grantId,
    issuedAt: row.refresh_issued_at,
    familyExpiresAt: row.family_expires_at,
    expiresAt: row.refresh_expires_at,
    rotation: toRotation(row),
  }
}

function toRotation(row: RefreshColumns): Rotation | null {
  if (row.rotated_at === null || row.rotation_salt === null || row.rotation_digest === null) return null
  return {
    rotatedAt: row.rotated_at,
    salt: row.rotation_salt,
    requestDigest: row.rotation_digest,
    scope: row.rotation_scope ?? '',
    address: row.rotation_address ?? '',
    userAgent: row.rotation_user_agent ?? '',
  }
}
