// Security events: what happened to clients, users, keys, sessions and grants. Past tense, object first.

import type { Seconds } from './time.ts'

export type EventType =
  | 'client_added'
  | 'client_updated'
  | 'client_secret_rotated'
  | 'client_removed'
  | 'client_disabled'
  | 'client_enabled'
  | 'client_registered'
  | 'client_approved'
  | 'initial_access_token_added'
  | 'initial_access_token_revoked'
  | 'consent_given'
  | 'consent_declared'
  | 'consent_denied'
  | 'consent_withdrawn'
  | 'user_added'
  | 'user_updated'
  | 'user_password_set'
  | 'user_password_changed'
  | 'user_disabled'
  | 'user_enabled'
  | 'user_removed'
  | 'users_imported'
  | 'users_exported'
  | 'session_started'
  | 'session_ended'
  | 'sessions_ended'
  | 'logout_abandoned'
  | 'logout_resent'
  | 'sign_in_failed'
  | 'sign_in_limited'
  | 'client_authentication_limited'
  | 'code_replayed'
  | 'refresh_token_repeated'
  | 'refresh_token_replayed'
  | 'token_revoked'
  | 'key_added'
  | 'key_retired'
  | 'resource_added'
  | 'resource_updated'
  | 'resource_removed'
  | 'resource_disabled'
  | 'resource_enabled'
  | 'key_moved'
  | 'key_undone'
  | 'key_revoked'
  | 'master_key_replaced'
  | 'set_up_finished'
  | 'rehearsal_run'
  | 'backup_made'

export interface SecurityEvent {
  readonly type: EventType
  readonly at: Seconds
  readonly clientId?: string
  readonly userId?: string
  /** Anything else that explains it; never a secret. */
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>
}
