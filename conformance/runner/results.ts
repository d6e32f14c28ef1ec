// Results of earlier runs, read from their folders and put together.

import { join } from 'node:path'
import { readJson } from './plan-files.ts'
import type { About } from './report.ts'
import { type PlanRun, titleOf } from './verdict.ts'

interface Results extends About {
  readonly runs: readonly PlanRun[]
}

/** A plan in one variant counts once: the results of a later folder replace those of an earlier one. */
export function readResults(folders: readonly string[]): { readonly about: About; readonly runs: readonly PlanRun[] } {
  const all = folders.map((folder) => readJson(join(folder, 'results.json')) as Results)
  const runs = new Map<string, PlanRun>()
  for (const run of all.flatMap((results) => results.runs)) runs.set(titleOf(run), run)
  const newest = all.reduce((one, other) => (other.date >= one.date ? other : one))
  const { suite, revision, issuer, date } = newest
  return {
    about: { suite, revision, issuer, date },
    // Stable: variants of one plan stay in the order in which they were run.
    runs: [...runs.values()].toSorted((one, other) => (one.plan < other.plan ? -1 : Number(one.plan > other.plan))),
  }
}
