// Which client the credentials name: the raw reading first, the form-decoded one where it names another.

import type { PresentedCredentials } from './credentials.ts'

/** `find` reads the client, with whatever else the endpoint needs, in one store call. */
export async function findWithCredentials<Found>(
  { pairs: [raw, decoded] }: PresentedCredentials,
  find: (clientId: string) => Promise<Found | null>,
): Promise<Found | null> {
  const found = await find(raw.clientId)
  if (found !== null || decoded === undefined || decoded.clientId === raw.clientId) return found
  return find(decoded.clientId)
}
