// SQL about users. A removed user keeps a row without personal data, so that the id is never used again. Users of an
// unfinished import are in the table, but no read returns them.

import type { User, UserProfile, UserWithPassword } from '../../model/user.ts'
import { flag } from '../column-values.ts'
import { statement } from '../database/driver.ts'

export interface UserRow {
  readonly user_id: string
  readonly user_number: number
  readonly username: string
  readonly profile: string
  readonly phone: string | null
  readonly phone_verified: number
  readonly email: string | null
  readonly email_verified: number
  readonly user_enabled: number
  readonly user_generation: number
  readonly user_version: number
  readonly user_created_at: number
  readonly user_updated_at: number
}

export interface UserRowWithPassword extends UserRow {
  readonly password_hash: string | null
  readonly password_temporary: number
}

/** The columns of `UserRow` from a table aliased `u`. */
export const USER_COLUMNS = `u.user_id, u.number AS user_number, u.username, u.profile, u.phone, u.phone_verified, u.email, u.email_verified,
  u.enabled AS user_enabled, u.generation AS user_generation, u.version AS user_version, u.created_at AS user_created_at, u.updated_at AS user_updated_at`

const PASSWORD_COLUMNS = 'u.password_hash, u.password_temporary'

/**
 * Joins the user `u` of a session, grant or token aliased `of`, which names the user by number and id: on SQLite found
 * by the number, unless the statement names the id; on PostgreSQL by the id.
 */
export const userOf = (of: string) => `"user" u ON u.number = ${of}.user_number AND u.user_id = ${of}.user_id`

const VISIBLE = `u.removed_at IS NULL AND (u.import_id IS NULL
  OR EXISTS (SELECT 1 FROM user_import i WHERE i.import_id = u.import_id AND i.published_at IS NOT NULL))`

export const findUser = statement<{ user_id: string }, UserRowWithPassword>(
  'find_user',
  `SELECT ${USER_COLUMNS}, ${PASSWORD_COLUMNS} FROM "user" u WHERE u.user_id = :user_id AND ${VISIBLE}`,
)

export const findUserByUsername = statement<{ username_key: string }, UserRowWithPassword>(
  'find_user_by_username',
  `SELECT ${USER_COLUMNS}, ${PASSWORD_COLUMNS} FROM "user" u WHERE u.username_key = :username_key AND ${VISIBLE}`,
)

/** Whose number it is: at most one enabled person's. */
export const findUserByPhone = statement<{ phone: string }, UserRow>(
  'find_user_by_phone',
  `SELECT ${USER_COLUMNS} FROM "user" u WHERE u.phone = :phone AND u.enabled = 1 AND ${VISIBLE}`,
)

/** In the order of ids; `after` is exclusive, an empty string starts. */
export const listUsers = statement<{ after: string; most: number }, UserRow>(
  'list_users',
  `SELECT ${USER_COLUMNS} FROM "user" u WHERE u.user_id > :after AND ${VISIBLE} ORDER BY u.user_id LIMIT :most`,
)

export const countUsers = statement<object, { users: number }>(
  'count_users',
  `SELECT count(*) AS users FROM "user" u WHERE ${VISIBLE}`,
)

export interface NewUserBind {
  user_id: string
  username: string
  username_key: string
  profile: string
  phone: string | null
  phone_verified: number
  email: string | null
  email_verified: number
  password_hash: string | null
  password_temporary: number
  enabled: number
  import_id: string | null
  now: number
}

export const insertUser = statement<NewUserBind>(
  'insert_user',
  `INSERT INTO "user" (user_id, username, username_key, profile, phone, phone_verified, email, email_verified,
     password_hash, password_temporary, enabled, generation, version, import_id, created_at, updated_at)
   VALUES (:user_id, :username, :username_key, :profile, :phone, :phone_verified, :email, :email_verified,
     :password_hash, :password_temporary, :enabled, 1, 1, :import_id, :now, :now)`,
)

/** RFC 9700 §4.15: as for clients, but the other way round. */
export const noClientHasId = statement<{ user_id: string }, { free: number }>(
  'no_client_has_id',
  'SELECT 1 AS free FROM (SELECT 1 AS one) o WHERE NOT EXISTS (SELECT 1 FROM client WHERE client_id = :user_id)',
)

export const updateUser = statement<
  {
    user_id: string
    username: string
    username_key: string
    profile: string
    phone: string | null
    phone_verified: number
    email: string | null
    email_verified: number
    version: number
    now: number
  },
  { version: number }
>(
  'update_user',
  `UPDATE "user" SET username = :username, username_key = :username_key, profile = :profile, phone = :phone,
     phone_verified = :phone_verified, email = :email, email_verified = :email_verified,
     version = version + 1, updated_at = :now
   WHERE user_id = :user_id AND version = :version AND removed_at IS NULL RETURNING version`,
)

export const setPassword = statement<
  { user_id: string; password_hash: string; password_temporary: number; now: number },
  { version: number }
>(
  'set_password',
  `UPDATE "user" SET password_hash = :password_hash, password_temporary = :password_temporary, generation = generation + 1, version = version + 1,
     updated_at = :now
   WHERE user_id = :user_id AND removed_at IS NULL RETURNING version`,
)

/** Its owner has chosen another one. Guard: the user is as when the former one was checked. */
export const changePassword = statement<
  { user_id: string; user_generation: number; password_hash: string; now: number },
  { version: number }
>(
  'change_password',
  `UPDATE "user" SET password_hash = :password_hash, password_temporary = 0, generation = generation + 1, version = version + 1,
     updated_at = :now
   WHERE user_id = :user_id AND generation = :user_generation AND enabled = 1 AND removed_at IS NULL RETURNING version`,
)

/** The same password with a better hash: nothing that was issued ends. */
export const upgradePasswordHash = statement<{ user_id: string; password_hash: string; former: string }>(
  'upgrade_password_hash',
  `UPDATE "user" SET password_hash = :password_hash
   WHERE user_id = :user_id AND password_hash = :former AND removed_at IS NULL`,
)

/** Disabling raises the generation: what was issued before never works again, not even after enabling. */
export const setUserEnabled = statement<{ user_id: string; enabled: number; now: number }, { version: number }>(
  'set_user_enabled',
  `UPDATE "user" SET enabled = :enabled, generation = generation + (1 - CAST(:enabled AS BIGINT)), version = version + 1,
     updated_at = :now
   WHERE user_id = :user_id AND removed_at IS NULL RETURNING version`,
)

export const removeUser = statement<{ user_id: string; now: number }, { user_id: string }>(
  'remove_user',
  `UPDATE "user" SET removed_at = :now, enabled = 0, generation = generation + 1, version = version + 1,
     username = NULL, username_key = NULL, profile = '{}', phone = NULL, phone_verified = 0, email = NULL,
     email_verified = 0, password_hash = NULL, password_temporary = 0, updated_at = :now
   WHERE user_id = :user_id AND removed_at IS NULL RETURNING user_id`,
)

const COUNTS = `(u.import_id IS NULL
  OR EXISTS (SELECT 1 FROM user_import i WHERE i.import_id = u.import_id AND i.published_at IS NOT NULL))`

/**
 * What would refuse such a user. Users of unfinished imports do not count, since they may never become users. Null: not
 * asked about.
 */
export const findUserConflicts = statement<
  { user_id: string | null; username_key: string | null; phone: string | null },
  { username: number; phone: number; user_id: number }
>(
  'find_user_conflicts',
  `SELECT
     CASE WHEN EXISTS (SELECT 1 FROM "user" u WHERE u.username_key = CAST(:username_key AS TEXT) AND ${COUNTS}) THEN 1 ELSE 0 END AS username,
     CASE WHEN EXISTS (SELECT 1 FROM "user" u WHERE u.phone = CAST(:phone AS TEXT) AND u.enabled = 1 AND ${COUNTS}) THEN 1 ELSE 0 END AS phone,
     CASE WHEN EXISTS (SELECT 1 FROM "user" u WHERE u.user_id = CAST(:user_id AS TEXT) AND ${COUNTS})
       OR EXISTS (SELECT 1 FROM client c WHERE c.client_id = CAST(:user_id AS TEXT)) THEN 1 ELSE 0 END AS user_id`,
)

export function toUser(row: UserRowWithPassword): UserWithPassword
export function toUser(row: UserRow): User
export function toUser(row: UserRow & Partial<UserRowWithPassword>) {
  return {
    userId: row.user_id,
    number: row.user_number,
    username: row.username,
    profile: JSON.parse(row.profile) as UserProfile,
    phone: row.phone,
    phoneVerified: flag(row.phone_verified),
    email: row.email,
    emailVerified: flag(row.email_verified),
    enabled: flag(row.user_enabled),
    generation: row.user_generation,
    version: row.user_version,
    createdAt: row.user_created_at,
    updatedAt: row.user_updated_at,
    ...(row.password_hash !== undefined && {
      passwordHash: row.password_hash,
      passwordTemporary: flag(row.password_temporary ?? 0),
    }),
  }
}
