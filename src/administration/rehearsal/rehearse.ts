// The rehearsal: builds the stage, plays the client's part, and reports line by line. Of the real store nothing changes
// but one event.

import type { MasterKey } from '../../credentials/master-key.ts'
import { createSubjects } from '../../credentials/subject.ts'
import type { ClientRecord } from '../../model/client/client.ts'
import type { UserWithPassword } from '../../model/user.ts'
import type { ContractEndpoint, RehearsalResultView } from '../../pages/index.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Addresses } from '../../protocol/addresses.ts'
import type { Store } from '../../store/store.ts'
import { authorizeLines } from './authorize-lines.ts'
import { knownClaims } from './known.ts'
import { GUIDE, type Line, line } from './lines.ts'
import { checkPastedSecret, type PastedSecret, pastedSecretLines } from './pasted-secret.ts'
import { type Performance, play, type Scene } from './play.ts'
import { type Script, scriptFor } from './script.ts'
import type { ComposeRehearsal } from './stage.ts'
import { reachLine, tokenLines } from './token-lines.ts'
import { userinfoLines, userinfoWarnings } from './userinfo-lines.ts'
import { replyText, requestText } from './wire.ts'
import { cannot, type Said, token as tokenWords, userinfo as userinfoWords } from './words.ts'

export interface RehearsalParts {
  readonly store: Pick<Store, 'appendEvents' | 'findUserConflicts'>
  readonly clock: Clock
  readonly master: MasterKey
  readonly addresses: Addresses
  readonly composeRehearsal: ComposeRehearsal
}

export interface RehearsalRequest {
  readonly client: ClientRecord
  readonly user: UserWithPassword
  /** As it was pasted, line end and all. */
  readonly clientSecret?: string
}

/** Plain data: it is the page's view and the command line's JSON alike. */
export interface RehearsalReport extends RehearsalResultView {
  readonly clientId: string
  readonly userId: string
  readonly preset: string
  /** The issuer the requests were sent to. */
  readonly issuer: string
  readonly consentPressed: boolean
  /** Only those that were made: after a refusal the client goes no further. */
  readonly exchanges: readonly Exchange[]
  readonly pastedSecret: PastedSecret | null
}

export interface Exchange {
  readonly endpoint: ContractEndpoint
  readonly request: string
  readonly reply: string
  readonly status: number
  /** Of the slowest answer in it. */
  readonly milliseconds: number
  readonly lines: readonly Line[]
}

/** This client never signs anybody in. */
export class CannotRehearse extends Error {
  readonly said: Said
  constructor(said: Said) {
    super(said.en)
    this.name = 'CannotRehearse'
    this.said = said
  }
}

export async function rehearse(parts: RehearsalParts, request: RehearsalRequest): Promise<RehearsalReport> {
  const { client, user } = request
  const script = scriptFor(client.client)
  if (script === null) throw new CannotRehearse(cannot.noCodeFlow)
  const stage = await parts.composeRehearsal({ client, user })
  let performance: Performance
  try {
    performance = await play(parts.addresses, script, client.client.client_id, stage)
  } finally {
    await stage.close()
  }
  const report = await reportOf(parts, request, script, performance)
  await parts.store.appendEvents([
    {
      type: 'rehearsal_run',
      at: parts.clock.now(),
      clientId: report.clientId,
      userId: report.userId,
      detail: { passed: report.passed },
    },
  ])
  return report
}

async function reportOf(
  parts: RehearsalParts,
  { client, user, clientSecret }: RehearsalRequest,
  script: Script,
  performance: Performance,
): Promise<RehearsalReport> {
  const { issuer } = parts.addresses
  const { authorize, token, userinfo, secrets } = performance
  const shown = createSubjects(parts.master).shown(user, client.client)
  const pastedSecret = clientSecret === undefined ? null : checkPastedSecret(parts.master, client, clientSecret)
  const secretLines =
    clientSecret === undefined || pastedSecret === null ? [] : pastedSecretLines(client, clientSecret, pastedSecret)
  const reach = reachLine(issuer, script)
  const tokenExtras = [...secretLines, ...(reach === null ? [] : [reach])]
  const grantedScope = typeof token?.members?.['scope'] === 'string' ? token.members['scope'] : script.scope

  const first = [
    ...authorizeLines(authorize, script, { issuer, client, user, phoneTaken: await isPhoneTaken(parts, user) }),
    // Lines that cannot be tested, because the client was refused before, are still shown, so that no question is left
    // open.
    ...(token === null ? [...tokenExtras, line('note', 'RFC 6749 §4.1.3', tokenWords.notPlayed)] : []),
  ]
  const second =
    token === null
      ? []
      : [
          ...tokenExtras,
          ...(await tokenLines(token, performance, script, {
            issuer,
            client: client.client,
            userId: shown.userId,
            now: parts.clock.now(),
          })),
          ...(userinfo === null ? [notAsked(script)] : []),
        ]
  const facts = { client: client.client, user: shown, grantedScope }
  const third = userinfo === null ? [] : userinfoLines(userinfo, script, facts)
  const warnings = userinfo === null ? [] : userinfoWarnings(userinfo, script, facts)

  const exchange = (endpoint: ContractEndpoint, scene: Scene | null, lines: readonly Line[]): readonly Exchange[] =>
    scene === null
      ? []
      : [
          {
            endpoint,
            request: requestText(scene.request, secrets),
            reply: replyText(scene.reply, secrets),
            status: scene.reply.status,
            milliseconds: Math.max(1, Math.ceil(scene.elapsed)),
            lines,
          },
        ]
  const exchanges = [
    ...exchange('authorize', authorize, first),
    ...exchange('token', token, second),
    ...exchange('userinfo', userinfo, third),
  ]
  return {
    passed: exchanges.every(({ lines }) => lines.every(({ state }) => state !== 'bad')),
    ...(warnings.length > 0 && { warnings }),
    clientId: client.client.client_id,
    clientName: client.client.client_name,
    userId: user.userId,
    userName: user.profile.displayName ?? user.username,
    preset: client.client.preset,
    issuer,
    consentPressed: authorize.consent === 'shown',
    exchanges,
    known: knownClaims(userinfo?.reply.status === 200 ? userinfo.members : null, client.client, grantedScope),
    pastedSecret,
  }
}

function notAsked(script: Script): Line {
  return script.asksUserinfo
    ? line('bad', script.isZhizuoyun ? GUIDE.userinfo : 'OpenID Connect Core §5.3', userinfoWords.notPlayed)
    : line('note', 'OpenID Connect Core §5.3', userinfoWords.notAsked)
}

/** An enabled person's number is theirs alone; a disabled one's may have gone to somebody else. */
async function isPhoneTaken({ store }: RehearsalParts, { enabled, phone }: UserWithPassword): Promise<boolean> {
  if (enabled || phone === null) return false
  return (await store.findUserConflicts({ userId: null, usernameKey: null, phone, enabled: true })).length > 0
}
