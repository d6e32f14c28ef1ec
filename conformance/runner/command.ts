// The call `npm run conformance`: which plans of which suite, what is written where, and how it ends.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/platform/clock.ts'
import { type Variables, WrongVariable } from '../facts.ts'
import { type Run, readCall, type Telling } from './call.ts'
import { runPlans } from './campaign.ts'
import { pageOf } from './page.ts'
import { WrongCall } from './plan-files.ts'
import { type About, junitOf, listOf, markdownOf, tableOf } from './report.ts'
import { readResults } from './results.ts'
import { connectSuite, NoSuite, type Suite } from './suite.ts'
import { judge, type PlanRun, problemsOf } from './verdict.ts'

export const EXIT = { asExpected: 0, problems: 1, wrongCall: 2, nothingDone: 3 } as const

export async function runConformance(
  words: readonly string[],
  variables: Variables,
  say: (text: string) => void,
): Promise<number> {
  try {
    const { telling, from, run } = readCall(words, variables)
    if (from.length > 0) {
      const { about, runs } = readResults(from)
      return tell(telling, about, runs, say)
    }
    if (run === null) {
      say(
        'NOTHING WAS DONE: no conformance suite is named. Give --suite URL or set CONFORMANCE_SUITE to one that runs.',
      )
      return EXIT.nothingDone
    }
    return await perform(run, telling, connectSuite(run.suite, variables['CONFORMANCE_TOKEN']), say)
  } catch (error) {
    if (error instanceof NoSuite) {
      say(`NOTHING WAS PROVEN: ${error.message}`)
      return EXIT.nothingDone
    }
    if (!(error instanceof WrongCall) && !(error instanceof WrongVariable)) throw error
    say(error.message)
    return EXIT.wrongCall
  }
}

async function perform(run: Run, telling: Telling, suite: Suite, say: (text: string) => void): Promise<number> {
  const { version, revision } = await suite.version()
  say(`Suite ${version} (${revision ?? 'no revision'}) at ${suite.base}; issuer ${run.facts.issuer}`)
  const date = new Date(systemClock().now() * 1000).toISOString().slice(0, 10)
  const about: About = { suite: version, revision, issuer: run.facts.issuer, date }
  // A campaign takes long: what has ended is kept, also where the rest does not come.
  const runs = await runPlans(run, suite, { say, ended: (ended) => writeFiles(telling, about, ended) })
  if (run.listOnly) return EXIT.asExpected
  if (runs.every(({ modules }) => modules.length === 0)) {
    throw new WrongCall(`No module of these plans is called ${run.only.join(', ')}`)
  }
  return tell(telling, about, runs, say)
}

function tell(telling: Telling, about: About, runs: readonly PlanRun[], say: (text: string) => void): number {
  const judged = judge(runs, telling.expectations)
  const problems = problemsOf(judged)
  writeFiles(telling, about, runs)
  if (telling.page !== null) writeFileSync(telling.page, pageOf(about, judged))
  say(`\n${tableOf(judged)}\n\n${listOf(judged)}`)
  say(problems.length === 0 ? '\nAll as expected.' : `\nNot as expected:\n${problems.join('\n')}`)
  return problems.length === 0 ? EXIT.asExpected : EXIT.problems
}

function writeFiles({ out, expectations }: Telling, about: About, runs: readonly PlanRun[]): void {
  if (out === null) return
  const judged = judge(runs, expectations)
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, 'results.json'), `${JSON.stringify({ ...about, runs: judged }, null, 1)}\n`)
  writeFileSync(join(out, 'results.md'), markdownOf(about, judged))
  writeFileSync(join(out, 'junit.xml'), junitOf(judged))
}
