// Reads what happened to requests: one by its number, the newest ones, and the latest at each endpoint of the contract.

import type { StoredTrace, TraceVerbs } from '../../store/verbs/traces.ts'
import { isAnswered } from './hints.ts'
import { maskedIdentifier } from './masking.ts'
import { JOURNEY_PAGES, parseTraceRecord, type Trace } from './trace-record.ts'

export type ContractEndpoint = 'authorize' | 'token' | 'userinfo'

/** Null: no such trace, or none any more. Blanks around the number, as pasted, do no harm. */
export async function findTrace(store: Pick<TraceVerbs, 'findTrace'>, id: string): Promise<Trace | null> {
  const stored = await store.findTrace(id.trim())
  return stored === null ? null : toTrace(stored)
}

const ONE_SECOND = 100

/** Newest first. */
export async function listTraces(
  store: Pick<TraceVerbs, 'listTraces'>,
  { clientId, most }: { readonly clientId?: string; readonly most: number },
): Promise<readonly Trace[]> {
  // The store knows seconds only: read on a little, so that the right ones of the last second are kept.
  const stored = await store.listTraces(most + ONE_SECOND, clientId)
  return stored
    .map(toTrace)
    .filter((trace) => trace !== null)
    .toSorted((a, b) => b.lastTime - a.lastTime || b.order - a.order)
    .slice(0, most)
}

/** All that are kept. */
const KEPT = 10_000

/** Of requests with an id that no client has, newest first. What strangers send is kept masked, so that alike ids count as one. */
export async function listTracesClaiming(
  store: Pick<TraceVerbs, 'listTraces'>,
  { claimed, most }: { readonly claimed: string; readonly most: number },
): Promise<readonly Trace[]> {
  const masked = maskedIdentifier(claimed)
  const all = await listTraces(store, { most: KEPT })
  return all.filter(({ clientId, claimedClient }) => clientId === null && claimedClient === masked).slice(0, most)
}

/** How many of a client's newest records are searched first. Only for very busy clients is the store asked for an older one. */
const RECENT = 100

/** The latest record at each endpoint of the contract, or null. */
export async function latestByEndpoint(
  store: Pick<TraceVerbs, 'listTraces' | 'latestTrace'>,
  clientId: string,
): Promise<Readonly<Record<ContractEndpoint, Trace | null>>> {
  const recent = await listTraces(store, { clientId, most: RECENT })
  const latest = async (endpoint: ContractEndpoint) => {
    const found = recent.find((trace) => stageOf(trace) === endpoint)
    if (found !== undefined || recent.length < RECENT) return found ?? null
    const stored = await store.latestTrace(clientId, endpoint)
    return stored === null ? null : toTrace(stored)
  }
  return { authorize: await latest('authorize'), token: await latest('token'), userinfo: await latest('userinfo') }
}

/** A page between the authorization request and its answer that answers the client counts as the authorization endpoint. */
function stageOf({ endpoint, rule, status }: Trace): string {
  const isPage = JOURNEY_PAGES.some((each) => each === endpoint)
  return isPage && (rule === 'code_issued' || status === 302 || status === 303) ? 'authorize' : endpoint
}

/** The endpoint did what it is there for; else it refused. */
export function isAnsweredTrace({ rule }: Pick<Trace, 'rule'>): boolean {
  return isAnswered(rule)
}

function toTrace({ traceId, clientId, at, record }: StoredTrace): Trace | null {
  const parsed = parseTraceRecord(record)
  return parsed === null ? null : { ...parsed, traceId, clientId, lastTime: at }
}
