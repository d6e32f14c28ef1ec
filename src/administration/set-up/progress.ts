// How far the set-up has come: what outlives the link is a fact of the installation, what belongs to one link is the
// detail of its ticket.

import type { Seconds } from '../../model/time.ts'
import type { CheckView, ImportedView, RehearsalResultView } from '../../pages/index.ts'
import type { InstallationVerbs } from '../../store/verbs/installation.ts'

/** In the order they are gone through. */
export const STEPS = ['administrator', 'address', 'connect', 'person', 'rehearsal', 'waiting'] as const
export type StepName = (typeof STEPS)[number]

export interface SetUpProgress {
  /** The furthest step reached. */
  readonly step: StepName
  /** The user to ask about this server. */
  readonly administratorId: string | null
  /**
   * The public address that was chosen, whether its check had failed, and the address the server had then: once it has another,
   * the choice is history.
   */
  readonly address: { readonly issuer: string; readonly running: string; readonly failed: boolean } | null
  readonly clientId: string | null
  /** Whoever was typed in as the first person. */
  readonly personId: string | null
  readonly finishedAt: Seconds | null
}

/** `finishedAt` is null as long as the set-up should be offered. */
export async function readSetUp(store: Pick<InstallationVerbs, 'findFact'>): Promise<SetUpProgress> {
  const source = parseObject((await store.findFact('set_up_progress')) ?? '')
  const finished = parseObject((await store.findFact('set_up')) ?? '')
  const text = (name: string) => {
    const value = source[name]
    return typeof value === 'string' ? value : null
  }
  const { finishedAt } = finished
  return {
    step: STEPS.find((step) => step === source['step']) ?? STEPS[0],
    administratorId: text('administratorId'),
    address: addressOf(source['address']),
    clientId: text('clientId'),
    personId: text('personId'),
    finishedAt: typeof finishedAt === 'number' ? finishedAt : null,
  }
}

function addressOf(value: unknown): SetUpProgress['address'] {
  const { issuer, running, failed } = membersOf(value)
  return typeof issuer === 'string' && typeof running === 'string' ? { issuer, running, failed: failed === true } : null
}

/** What the last check of this address has found; a link that has not checked it knows what was found when it was chosen. */
export function hasFailed(
  { detail, progress }: { readonly detail: TicketDetail; readonly progress: SetUpProgress },
  issuer: string,
): boolean {
  if (detail.checked?.issuer === issuer) return isFaulty(detail.checked.checks)
  return progress.address?.issuer === issuer && progress.address.failed
}

export function isFaulty(checks: readonly CheckView[]): boolean {
  return checks.some(({ state }) => state === 'bad')
}

export async function writeSetUp(store: Pick<InstallationVerbs, 'putFact'>, progress: SetUpProgress): Promise<void> {
  const { finishedAt: _, ...going } = progress
  await store.putFact('set_up_progress', JSON.stringify(going))
}

/** From now on the set-up is no longer offered. */
export async function finishSetUp(
  store: Pick<InstallationVerbs, 'putFact'>,
  { administratorId }: SetUpProgress,
  finishedAt: Seconds,
): Promise<void> {
  await store.putFact('set_up', JSON.stringify({ finishedAt, administratorId }))
}

/** The step or, when more has been done already, the one reached before. */
export function atLeast(progress: SetUpProgress, step: StepName): SetUpProgress {
  return STEPS.indexOf(step) > STEPS.indexOf(progress.step) ? { ...progress, step } : progress
}

/** Gone with the link. */
export interface TicketDetail {
  /** What the last check of the public address found. */
  readonly checked?: { readonly issuer: string; readonly checks: readonly CheckView[] }
  /** While it is here, the new client's secret can be made once more in this browser; see `client-secret.ts`. */
  readonly secretSalt?: string
  readonly rehearsal?: { readonly userId: string; readonly result: RehearsalResultView }
  /** Digest of the last file that was imported: sent twice, it is taken once. */
  readonly importedFile?: string
  /** What it brought, until the rehearsal has been left. */
  readonly imported?: ImportedView
  /** This link has done its work. */
  readonly finished?: true
}

export function parseDetail(text: string): TicketDetail {
  // Written by `renderDetail` of this version or an older one, and by nobody else.
  return parseObject(text) satisfies TicketDetail
}

export function renderDetail(detail: TicketDetail): string {
  return JSON.stringify(detail)
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return membersOf(value)
  } catch {
    return {}
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {}
}
