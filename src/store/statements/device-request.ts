// SQL about requests of devices without a browser. Those of strangers are limited for each address and in all: only they
// have an address.

import { change, statement } from '../database/driver.ts'
import { CLIENT_KEY } from './client.ts'
import { type Found, GRANT_COLUMNS, type GrantRow, grantOf, liveGrantOf } from './grant.ts'
import type { GrantPlace } from './place.ts'
import { USER_COLUMNS, type UserRow } from './user.ts'

/** Guard: nobody else has this user code now. */
export const insertDeviceRequest = statement<
  {
    device_hash: Uint8Array
    user_code_hash: Uint8Array
    client_id: string
    address: string | null
    size: number
    request: string
    now: number
    valid_until: number
    expires_at: number
  },
  { client_id: string }
>(
  'insert_device_request',
  `INSERT INTO device_request
     (device_hash, user_code_hash, client_id, address, size, request, created_at, valid_until, expires_at)
   VALUES (:device_hash, :user_code_hash, :client_id, :address, :size, :request, :now, :valid_until, :expires_at)
   ON CONFLICT (user_code_hash) DO NOTHING RETURNING client_id`,
)

interface OpenRow {
  readonly device_hash: Uint8Array
  readonly request: string
}

/** Not answered yet, and not too old. */
const IS_OPEN = 'grant_id IS NULL AND denied_at IS NULL AND valid_until > :now'

export const findOpenDeviceRequest = statement<{ user_code_hash: Uint8Array; now: number }, OpenRow>(
  'find_open_device_request',
  `SELECT device_hash, request FROM device_request WHERE user_code_hash = :user_code_hash AND ${IS_OPEN}`,
)

export const isDeviceRequestOpen = statement<{ device_hash: Uint8Array; now: number }, { is_open: number }>(
  'is_device_request_open',
  `SELECT 1 AS is_open FROM device_request WHERE device_hash = :device_hash AND ${IS_OPEN}`,
)

/** Guard: it is answered once, and in time. */
export const allowDeviceRequest = change<GrantPlace & { device_hash: Uint8Array; now: number }>(
  'allow_device_request',
  `UPDATE device_request SET grant_id = :grant_id, grant_place = :grant_place
   WHERE device_hash = :device_hash AND ${IS_OPEN}`,
)

/** Guard: likewise. */
export const denyDeviceRequest = change<{ device_hash: Uint8Array; now: number }>(
  'deny_device_request',
  `UPDATE device_request SET denied_at = :now WHERE device_hash = :device_hash AND ${IS_OPEN}`,
)

export interface DeviceColumns {
  readonly device_client_id: string
  readonly denied_at: number | null
  readonly consumed_at: number | null
  readonly valid_until: number
}

/** `device_client_id` is null when there is no such request; `grant_state` also while nobody has allowed it. */
export type DeviceRow = (DeviceColumns | { readonly device_client_id: null }) & Found<GrantRow & UserRow>

export const findClientWithDeviceCode = statement<{ client_id: string; hash: Uint8Array }, DeviceRow>(
  'find_client_with_device_code',
  `SELECT ${CLIENT_KEY}, d.client_id AS device_client_id, d.denied_at, d.consumed_at, d.valid_until, ${GRANT_COLUMNS}, ${USER_COLUMNS}
   FROM client c LEFT JOIN device_request d ON d.device_hash = :hash ${grantOf('d')}
   WHERE c.client_id = :client_id AND c.removed_at IS NULL`,
)

/** RFC 8628 §3.5: guard; holds for exactly one caller. */
export const consumeDeviceRequest = change<{ hash: Uint8Array; now: number }>(
  'consume_device_request',
  `UPDATE device_request SET consumed_at = :now
   WHERE device_hash = :hash AND consumed_at IS NULL AND valid_until > :now AND ${liveGrantOf('device_request')}`,
)

/** Deletes what one address has beyond its newest `most`. */
export const deleteDeviceRequestsBeyondAddress = statement<{ address: string; newest: Uint8Array; most: number }>(
  'delete_device_requests_beyond_address',
  `DELETE FROM device_request WHERE device_hash IN (
     SELECT device_hash FROM device_request WHERE address = :address
     ORDER BY CASE WHEN device_hash = :newest THEN 0 ELSE 1 END, created_at DESC, device_hash
     LIMIT 1000 OFFSET :most)`,
)

export const measureDeviceRequests = statement<object, { bytes: number }>(
  'measure_device_requests',
  'SELECT CAST(COALESCE(sum(size), 0) AS BIGINT) AS bytes FROM device_request WHERE address IS NOT NULL',
)

/** When there is no room left, the address that holds most loses its oldest, as with interactions. */
export const deleteOldestDeviceRequestsOfHeaviest = statement<{ excess: number; newest: Uint8Array; most: number }>(
  'delete_oldest_device_requests_of_heaviest',
  `DELETE FROM device_request WHERE device_hash IN (
     SELECT device_hash FROM (
       SELECT device_hash, sum(size) OVER (ORDER BY held DESC, device_hash ROWS UNBOUNDED PRECEDING) - size AS freed
       FROM (
         SELECT device_hash, size, sum(size) OVER (
           PARTITION BY address
           ORDER BY CASE WHEN device_hash = :newest THEN 0 ELSE 1 END, created_at DESC, device_hash
           ROWS UNBOUNDED PRECEDING) AS held
         FROM device_request WHERE address IS NOT NULL) AS weighed
     ) AS ranked WHERE freed < CAST(:excess AS BIGINT) ORDER BY freed LIMIT :most)`,
)
