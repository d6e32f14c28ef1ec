// The account page: who I am, which applications I have let in, and where I am signed in. It only reads; everything
// that it offers to do is another page or form.

import { kindsAgreedTo } from '../../claims/kinds.ts'
import type { HttpReply, HttpRequest } from '../../http/message.ts'
import { pageReply } from '../../http/reply/page-reply.ts'
import { nameIn } from '../../model/client/presentation.ts'
import { type AccountView, accountPage, type Locale } from '../../pages/index.ts'
import { withQuery } from '../../protocol/response-mode.ts'
import { scopeWords } from '../../protocol/scope.ts'
import type { ConsentWithClient } from '../../store/verbs/consents.ts'
import type { SessionSummary } from '../../store/verbs/sessions.ts'
import { frameOf, localeCookies } from '../../visitor/frame.ts'
import { doneOf } from '../account/done.ts'
import { accountForm, type OwnAccount, openAccount } from '../account/whose.ts'
import { clientView } from '../client-view.ts'
import { resourcesAgreedTo } from '../kinds-asked.ts'
import type { SignInParts } from '../parts.ts'

export function accountEndpoint(parts: SignInParts) {
  return async (http: HttpRequest): Promise<HttpReply> => {
    const own = await openAccount(parts, http)
    if ('reply' in own) return own.reply
    const frame = frameOf(parts, http)
    const page = accountPage(await viewOf(parts, own, frame.locale), frame)
    return pageReply(page, { cookies: localeCookies(http) })
  }
}

async function viewOf(parts: SignInParts, own: OwnAccount, locale: Locale): Promise<AccountView> {
  const { store, clock, lifetimes, addresses } = parts
  const { user, session } = own.me
  const now = clock.now()
  // All in one turn of the event loop, so that PostgreSQL answers them together.
  const [consents, sessions, used, done] = await Promise.all([
    store.listConsentsWithClients(user.userId),
    store.listSessions(user.userId, now, now - lifetimes.sessionIdle),
    store.findClientsOfSessions(user.userId, now),
    doneOf(parts, own, locale),
  ])
  const resourceNames = await namesOfResources(parts, consents)
  return {
    user: { name: user.profile.displayName ?? user.username, username: user.username },
    done,
    now,
    zone: user.profile.zoneinfo ?? null,
    applications: consents.map((consent) => applicationView(parts, consent, resourceNames, locale)),
    sessions: hereFirst(sessions, session.sessionId).map(({ sessionId, authenticatedAt, lastUsedAt, browser }) => ({
      value: sessionId,
      isHere: sessionId === session.sessionId,
      since: authenticatedAt,
      lastUsed: lastUsedAt,
      ...(browser !== undefined && { browser }),
      applications: used.flatMap((each) => (each.sessionId === sessionId ? [nameIn(each.client.client, locale)] : [])),
    })),
    signOutThere: accountForm(parts, own, 'sign-out'),
    signOutHref: addresses.path['end-session'],
    anotherHref: addresses.at('account', 'sign-in'),
    passwordHref: addresses.at('account', 'password'),
  }
}

/** This browser comes first, since people compare the others with it; then the one used last. */
function hereFirst(sessions: readonly SessionSummary[], here: string): readonly SessionSummary[] {
  const used = sessions.toSorted((a, b) => b.lastUsedAt - a.lastUsedAt)
  return [...used.filter(({ sessionId }) => sessionId === here), ...used.filter(({ sessionId }) => sessionId !== here)]
}

function applicationView(
  { addresses }: SignInParts,
  { client: { client }, scope, kinds, givenAt }: ConsentWithClient,
  resourceNames: ReadonlyMap<string, string>,
  locale: Locale,
): AccountView['applications'][number] {
  return {
    client: clientView(client, { addresses, locale }),
    since: givenAt,
    kinds: kindsAgreedTo(client, scopeWords(scope), scopeWords(kinds)),
    resources: resourcesAgreedTo(kinds).map(({ identifier, scope: rights }) => ({
      name: resourceNames.get(identifier) ?? identifier,
      scope: rights,
    })),
    withdrawHref: withQuery(addresses.at('account', 'withdraw'), { client_id: client.client_id }),
  }
}

/** Nothing is read where no application has been allowed to use an API. */
async function namesOfResources(
  { store }: SignInParts,
  consents: readonly ConsentWithClient[],
): Promise<ReadonlyMap<string, string>> {
  if (consents.every(({ kinds }) => resourcesAgreedTo(kinds).length === 0)) return new Map()
  const resources = await store.listResources()
  return new Map(resources.map(({ resource }) => [resource.identifier, resource.name]))
}
