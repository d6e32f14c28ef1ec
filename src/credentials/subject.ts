// The subject of a user for a client: the identifier by which this client knows the person, everywhere. OpenID Connect
// Core §8: public, the user id itself; or pairwise, a different one for each sector, from which nobody can get back to
// the user.

import type { Client } from '../model/client/client.ts'
import { type Subject, sectorOf } from '../model/client/sector.ts'
import type { User } from '../model/user.ts'
import type { MasterKey } from './master-key.ts'

export interface Subjects {
  /** At most 64 ASCII characters; stays the same as long as the client's sector does. */
  of(userId: string, client: Client): Subject
  /** The user as this client may see them: under its own subject. */
  shown<U extends User>(user: U, client: Client): U
}

export function createSubjects(master: MasterKey): Subjects {
  // A client object is one version of its settings.
  const sectors = new WeakMap<Client, string>()
  const sector = (client: Client): string => {
    const known = sectors.get(client)
    if (known !== undefined) return known
    const found = sectorOf(client)
    // Checked when the client was registered; no client may be told another sector's identifier instead.
    if (found === null) throw new Error(`the client ${client.client_id} is pairwise and has no sector`)
    sectors.set(client, found)
    return found
  }
  const of = (userId: string, client: Client): Subject => {
    if (client.subject_type === 'public') return userId as Subject
    // OpenID Connect Core §8.1: sector and user id under a key that only this server has.
    const mac = master.hmac('subject', JSON.stringify([sector(client), userId]))
    return Buffer.from(mac).toString('base64url') as Subject
  }
  return {
    of,
    shown: (user, client) => (client.subject_type === 'public' ? user : { ...user, userId: of(user.userId, client) }),
  }
}
