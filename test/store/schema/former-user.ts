// A user as releases before temporary passwords wrote one, for databases whose schema is as old.

import { type Driver, statement, step } from '../../../src/store/database/driver.ts'
import { type NewUser, newUserBind } from '../../../src/store/verbs/users.ts'

const insert = statement<Omit<ReturnType<typeof newUserBind>, 'password_temporary'>>(
  'insert_former_user',
  `INSERT INTO "user" (user_id, username, username_key, profile, phone, phone_verified, email, email_verified,
     password_hash, enabled, generation, version, import_id, created_at, updated_at)
   VALUES (:user_id, :username, :username_key, :profile, :phone, :phone_verified, :email, :email_verified,
     :password_hash, :enabled, 1, 1, :import_id, :now, :now)`,
)

export async function addFormerUser(driver: Driver, user: NewUser, now: number): Promise<void> {
  const { password_temporary: _, ...bind } = newUserBind(user, null, now)
  await driver.atomic([step(insert, bind)])
}
