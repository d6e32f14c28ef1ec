// SQL about the installation itself: its issuer, its key check, whether set-up is finished.

import { statement } from '../database/driver.ts'

export const findFact = statement<{ name: string }, { value: string }>(
  'find_fact',
  'SELECT value FROM installation WHERE name = :name',
)

export const putFact = statement<{ name: string; value: string }>(
  'put_fact',
  `INSERT INTO installation (name, value) VALUES (:name, :value)
   ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
)

/** Yields a row only if the fact was absent: the value that stands afterwards. */
export const putFactOnce = statement<{ name: string; value: string }, { value: string }>(
  'put_fact_once',
  `INSERT INTO installation (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING RETURNING value`,
)

/** Always one row: 1 where it holds. A client that was removed has been there. */
export const findUse = statement<object, { finished: number; begun: number; clients: number; consents: number }>(
  'find_use',
  `SELECT CASE WHEN EXISTS (SELECT 1 FROM installation i WHERE i.name = 'set_up') THEN 1 ELSE 0 END AS finished,
     CASE WHEN EXISTS (SELECT 1 FROM installation i WHERE i.name = 'set_up_progress') THEN 1 ELSE 0 END AS begun,
     CASE WHEN EXISTS (SELECT 1 FROM client c WHERE c.client_id > '') THEN 1 ELSE 0 END AS clients,
     CASE WHEN EXISTS (SELECT 1 FROM consent k WHERE k.client_id > '') THEN 1 ELSE 0 END AS consents`,
)

/** Guard: the mark is the former one. */
export const changeMark = statement<{ former: string; mark: string }, { value: string }>(
  'change_mark',
  `UPDATE installation SET value = :mark WHERE name = 'key_check' AND value = :former RETURNING value`,
)
