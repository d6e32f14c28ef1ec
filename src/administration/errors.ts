// Why an operation of administration was refused: a code that stays, a sentence, and how to mend it.

export type AdministrationErrorCode =
  | 'client_id_taken'
  | 'client_not_found'
  | 'client_changed'
  | 'registration_token_not_found'
  | 'no_client_secret'
  | 'weak_secret'
  | 'invalid_client'
  | 'invalid_setting'
  | 'sector_identifier'
  | 'unknown_preset'
  | 'consent_not_found'
  | 'session_not_found'
  | 'resource_not_found'
  | 'resource_taken'
  | 'resource_changed'
  | 'invalid_resource'
  | 'user_not_found'
  | 'user_changed'
  | 'user_ambiguous'
  | 'user_id_taken'
  | 'username_taken'
  | 'phone_taken'
  | 'invalid_user'
  | 'invalid_phone'
  | 'weak_password'
  | 'unreadable_file'
  | 'unknown_column'
  | 'import_refused'
  | 'import_abandoned'
  | 'file_changed'
  | 'backup_unsupported'
  | 'backup_failed'
  | 'file_exists'
  | 'not_a_backup'
  | 'damaged_backup'
  | 'not_sealed'
  | 'wrong_passphrase'
  | 'wrong_key'
  | 'unusable_key'
  | 'passphrase_required'
  | 'private_key_required'
  | 'master_key_required'
  | 'folder_not_empty'
  | 'folder_unusable'
  | 'key_not_found'
  | 'key_waits'
  | 'key_unused'
  | 'key_in_use'
  | 'key_changed'

/** Shown to operators as it is, by the command line and the pages of the set-up. Never holds a secret. */
export class AdministrationError extends Error {
  readonly code: AdministrationErrorCode
  /** What to do about it. */
  readonly hint: string | null
  constructor(code: AdministrationErrorCode, message: string, hint: string | null = null, options?: ErrorOptions) {
    super(message, options)
    this.name = 'AdministrationError'
    this.code = code
    this.hint = hint
  }
}
