// SQL about the pictures of clients: one for each client.

import { statement } from '../database/driver.ts'

export const upsertClientLogo = statement<{
  client_id: string
  digest: string
  media_type: string
  content: Uint8Array
  now: number
}>(
  'upsert_client_logo',
  `INSERT INTO client_logo (client_id, digest, media_type, content, stored_at)
   VALUES (:client_id, :digest, :media_type, :content, :now)
   ON CONFLICT (client_id) DO UPDATE SET digest = excluded.digest, media_type = excluded.media_type,
     content = excluded.content, stored_at = excluded.stored_at`,
)

export const findClientLogo = statement<
  { client_id: string; digest: string },
  { media_type: string; content: Uint8Array }
>('find_client_logo', 'SELECT media_type, content FROM client_logo WHERE client_id = :client_id AND digest = :digest')

export const deleteClientLogo = statement<{ client_id: string }>(
  'delete_client_logo',
  'DELETE FROM client_logo WHERE client_id = :client_id',
)
