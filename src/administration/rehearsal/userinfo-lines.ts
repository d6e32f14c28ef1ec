// The lines about the third exchange: who the client is told has signed in.

import { claimRules } from '../../claims/user-claims.ts'
import type { Client } from '../../model/client/client.ts'
import type { User } from '../../model/user.ts'
import { scopeWords } from '../../protocol/scope.ts'
import { claimAt } from './known.ts'
import { clauseOf, GUIDE, jsonLines, type Line, line, promise, timeLine, whyRefused } from './lines.ts'
import type { TokenScene } from './play.ts'
import type { Script } from './script.ts'
import type { Members } from './wire.ts'
import { type Said, together, userinfo as words } from './words.ts'

export interface UserinfoFacts {
  readonly client: Client
  readonly user: User
  readonly grantedScope: string
}

export function userinfoLines(scene: TokenScene, script: Script, facts: UserinfoFacts): readonly Line[] {
  const clause = script.isZhizuoyun ? GUIDE.userinfo : 'OpenID Connect Core §5.3.2'
  const { reply, members } = scene
  if (reply.status !== 200 || members === null) {
    return [line('bad', clauseOf(reply, clause), words.answered, whyRefused(reply)), timeLine(scene.elapsed, clause)]
  }
  return [
    line('ok', clause, words.answered),
    ...jsonLines(reply, 'OpenID Connect Core §5.3.2'),
    ...(script.isZhizuoyun ? zhizuoyunLines(members, facts) : standardLines(members, facts)),
    timeLine(scene.elapsed, clause),
  ]
}

/** The sign-in works without these, but 制作云 may not accept the person after it. */
export function userinfoWarnings(
  { reply, members }: TokenScene,
  script: Script,
  facts: UserinfoFacts,
): readonly Said[] {
  if (!script.isZhizuoyun || reply.status !== 200 || members === null) return []
  if (isEmpty(members['phone_number'])) return [together(words.phoneLacking, whyNoPhone(facts))]
  if (members['phone_number_verified'] !== false) return []
  return [together(words.phoneUnproven, words.phoneProve(facts.user.username))]
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** "Nullable" in the guide: absent, null or empty. */
function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === ''
}

function zhizuoyunLines(members: Members, facts: UserinfoFacts): readonly Line[] {
  const { user_id: userId, sub, name } = members
  return [
    promise(isText(userId), GUIDE.userinfo, words.userId, words.userIdMissing),
    promise(isText(userId) && userId === sub && userId === facts.user.userId, 'OpenID Connect Core §5.3.2', words.sub),
    isEmpty(name)
      ? line('note', GUIDE.userinfo, words.nameNone, words.nameNoneWhy)
      : typeof name === 'string'
        ? line('ok', GUIDE.userinfo, words.name)
        : line('bad', GUIDE.userinfo, words.nameBad),
    phoneLine(members['phone_number'], facts),
    verifiedLine(members['phone_number_verified'], members['phone_number'], facts),
  ]
}

const MAINLAND = /^1[3-9]\d{9}$/
const MAINLAND_PREFIXED = /^\+86-?1[3-9]\d{9}$/
/** ITU-T E.164: at most fifteen digits. */
const E164 = /^\+[1-9]\d{6,14}$/

function phoneLine(value: unknown, facts: UserinfoFacts): Line {
  const clause = GUIDE.userinfo
  if (isEmpty(value)) return line('warn', clause, words.phoneNone, together(words.phoneNoneContract, whyNoPhone(facts)))
  if (typeof value === 'string') {
    if (MAINLAND.test(value)) return line('ok', clause, words.phone)
    if (MAINLAND_PREFIXED.test(value)) return line('note', clause, words.phonePrefixed, words.phonePrefixedWhy)
    if (E164.test(value)) return line('note', clause, words.phoneForeign, words.phoneForeignWhy)
  }
  return line('bad', clause, words.phoneBad, words.phoneBadWhy(JSON.stringify(value)))
}

function whyNoPhone({ client, user }: UserinfoFacts): Said {
  if (user.phone === null) return words.phoneNobody(user.username)
  if (!user.phoneVerified && client.phone.unverified === 'omit') return words.phoneUnverified(user.username)
  if (!MAINLAND_PREFIXED.test(user.phone) && client.phone.nonMainland === 'omit') {
    return words.phoneNotMainland(client.client_id)
  }
  return words.phoneUnmapped(client.client_id)
}

function verifiedLine(value: unknown, phone: unknown, { user }: UserinfoFacts): Line {
  const clause = GUIDE.userinfo
  if (isEmpty(value)) {
    return isEmpty(phone)
      ? line('ok', clause, words.verifiedNone, words.verifiedNoneWithout)
      : line('note', clause, words.verifiedNone, words.verifiedNoneWithPhone)
  }
  if (typeof value !== 'boolean') return line('bad', clause, words.verifiedBad)
  return value
    ? line('ok', clause, words.verified)
    : line('warn', clause, words.unverified, words.unverifiedWhy(user.username))
}

function standardLines(members: Members, { client, user, grantedScope }: UserinfoFacts): readonly Line[] {
  const { sub } = members
  const empty = claimRules(client, scopeWords(grantedScope))
    .map(({ name }) => name)
    .filter((name) => isEmpty(claimAt(members, name)))
  return [
    promise(isText(sub) && sub === user.userId, 'OpenID Connect Core §5.3.2', words.subStandard),
    ...(empty.length === 0
      ? []
      : [line('note', 'OpenID Connect Core §5.3.2', words.empty(empty.join(', ')), words.emptyWhy)]),
  ]
}
