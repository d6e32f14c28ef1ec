// The runner without a suite: plan files and automation fit together, modules always end, results are judged and told.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { factsFrom } from '../../conformance/facts.ts'
import { readCall } from '../../conformance/runner/call.ts'
import { runPlans } from '../../conformance/runner/campaign.ts'
import { runConformance } from '../../conformance/runner/command.ts'
import { pageOf } from '../../conformance/runner/page.ts'
import { type Automation, configOf, filled, readJson, readPlans } from '../../conformance/runner/plan-files.ts'
import { junitOf, listOf, tableOf } from '../../conformance/runner/report.ts'
import { rotateKeys } from '../../conformance/runner/rotation.ts'
import { HelpFailed, type ModuleResult, type Result, runModule } from '../../conformance/runner/run-module.ts'
import { connectSuite, NoSuite, type Suite } from '../../conformance/runner/suite.ts'
import { type Expectation, judge, type PlanRun, problemsOf } from '../../conformance/runner/verdict.ts'

const FOLDER = fileURLToPath(new URL('../../conformance', import.meta.url))
const VARIABLES = { CONFORMANCE_ISSUER: 'https://lingpai.test:9445' }
const FACTS = factsFrom(VARIABLES, 'https://suite.test:8443')
const automation = readJson(join(FOLDER, 'automation.json')) as Automation

async function call(words: readonly string[], variables: Record<string, string> = {}) {
  const said: string[] = []
  const exit = await runConformance(words, { ...VARIABLES, ...variables }, (text) => void said.push(text))
  return { exit, said: said.join('\n') }
}

describe('a call', () => {
  test('without a suite says that nothing was done', async () => {
    expect(await call(['basic'])).toEqual({ exit: 3, said: expect.stringContaining('NOTHING WAS DONE') })
  })

  test('to a suite that does not answer says that nothing was proven', async () => {
    // A port that fetch itself refuses.
    const { exit, said } = await call(['basic', '--suite', 'https://127.0.0.1:1'])
    expect(exit).toBe(3)
    expect(said).toBe('NOTHING WAS PROVEN: no suite answers at https://127.0.0.1:1: bad port')
  })

  test.each([
    ['an unknown plan', ['nonsense'], 'No plan begins with nonsense'],
    ['an unknown flag', ['--nonsense'], 'nonsense'],
    ['an unknown alias', ['--alias', 'nonsense'], 'The alias is one of lingpai, lingpai2'],
    ['an unknown variant', ['--variant', 'a=b'], 'No plan has a=b'],
    ['a limit that is none', ['--limit', 'soon'], '--limit is a number of seconds'],
    ['more drivers than aliases', ['--drivers', '5'], '--drivers is a number up to 4'],
    ['several drivers of one alias', ['--drivers', '2', '--alias', 'lingpai2'], '--alias names one driver'],
    ['a page that would tell of some plans only', ['basic', '--report'], '--report tells of all plans'],
    ['results that are nowhere', ['--from', '/nowhere'], '/nowhere/results.json cannot be read'],
  ])('with %s ends with 2 and says so', async (_, words, message) => {
    const variables = { CONFORMANCE_SUITE: 'https://127.0.0.1:1' }
    expect(await call(words, variables)).toEqual({ exit: 2, said: expect.stringContaining(message) })
  })
})

describe('the plan files', () => {
  const plans = readPlans(join(FOLDER, 'plans'), [])

  test('are read in order, and by the beginning of their names', () => {
    const names = readdirSync(join(FOLDER, 'plans')).map((file) => file.replace('.json', ''))
    expect(plans.map(({ name }) => name)).toEqual(names.toSorted())
    expect(plans.length).toBeGreaterThan(0)
    for (const word of ['20', 'basic']) {
      expect(readPlans(join(FOLDER, 'plans'), [word]).map(({ name }) => name)).toEqual(['20-basic'])
    }
  })

  test.each(plans.map((plan) => [plan.name, plan] as const))('%s leaves no fact open', (_, plan) => {
    expect(plan.variants.length).toBeGreaterThan(0)
    const config = JSON.stringify(configOf(plan, automation, FACTS, 'lingpai3'))
    expect(config).not.toContain('{{')
    expect(config).toContain('"alias":"lingpai3"')
    expect(config).toContain(`${FACTS.issuer}/.well-known/openid-configuration`)
  })

  test('need facts and automation that there are', () => {
    expect(filled('{{user.username}}@{{alias}}', { ...FACTS, alias: 'x' }, 'here')).toBe('ada@x')
    expect(() => filled('{{user.shoeSize}}', FACTS, 'here')).toThrow('here: there is no fact called user.shoeSize')
    expect(filled({ keys: '{{signing.fapi.jwks}}' }, FACTS, 'here')).toEqual({ keys: FACTS.signing.fapi.jwks })
    expect(() => filled('all {{clients}}', FACTS, 'here')).toThrow('here: the fact clients is no text')
    const [plan] = plans
    if (plan === undefined) throw new Error('no plan')
    const wrong = { ...plan, browser: ['no-such-block'] }
    expect(() => configOf(wrong, automation, FACTS, 'lingpai')).toThrow('no automation is called no-such-block')
  })
})

/** A suite that answers as it is told. */
function playing(parts: Partial<Suite>): Suite {
  return {
    base: 'https://suite.test',
    version: async () => ({ version: '0', revision: null }),
    createPlan: async () => ({ id: 'plan', modules: [] }),
    createModule: async () => 'module',
    start: async () => undefined,
    cancel: async () => undefined,
    ended: async () => true,
    info: async () => ({ status: 'FINISHED', result: 'PASSED' }),
    browser: async () => null,
    log: async () => [],
    ...parts,
  }
}

const OPTIONS = { limit: 60, rotateKeys: async () => undefined }
const PLANNED = { testModule: 'oidcc-server', variant: { response_type: 'code' } }

describe('a module', () => {
  test('that passes has no reasons', async () => {
    const result = await runModule(playing({}), 'plan', PLANNED, OPTIONS)
    expect(result).toMatchObject({ module: 'oidcc-server', result: 'PASSED', reasons: [], variant: PLANNED.variant })
  })

  test('that fails tells its failures once each, and no successes', async () => {
    const failure = { src: 'CheckIt', result: 'FAILURE', msg: 'it is wrong' }
    const suite = playing({
      info: async () => ({ status: 'INTERRUPTED', result: 'FAILED' }),
      log: async () => [{ src: 'Other', result: 'SUCCESS', msg: 'fine' }, failure, failure],
    })
    const result = await runModule(suite, 'plan', PLANNED, OPTIONS)
    expect(result).toMatchObject({ result: 'FAILED', reasons: ['CheckIt: it is wrong'] })
  })

  test('that waits to be started is started once, after a rotation where it asks for one', async () => {
    const happened: string[] = []
    const states = ['CONFIGURED', 'RUNNING', 'FINISHED', 'FINISHED']
    const suite = playing({
      ended: async () => false,
      info: async () => ({ status: states.shift() ?? 'FINISHED', result: 'PASSED' }),
      start: async () => void happened.push('started'),
    })
    const options = { limit: 60, rotateKeys: async () => void happened.push('rotated') }
    await runModule(suite, 'plan', { testModule: 'oidcc-server-rotate-keys' }, options)
    expect(happened).toEqual(['rotated', 'started'])
  })

  test('that needs a rotation which fails is a result too', async () => {
    const suite = playing({ ended: async () => false, info: async () => ({ status: 'CONFIGURED', result: null }) })
    const rotateKeys = () => Promise.reject(new HelpFailed('no keys'))
    const rotation = { testModule: 'oidcc-server-rotate-keys' }
    const result = await runModule(suite, 'plan', rotation, { limit: 60, rotateKeys })
    expect(result).toMatchObject({ result: 'INTERRUPTED', reasons: ['no keys'] })
  })

  test('that takes too long is ended and says why', async () => {
    let cancelled = 0
    const suite = playing({
      ended: async () => false,
      info: async () => ({ status: cancelled > 0 ? 'INTERRUPTED' : 'RUNNING', result: 'UNKNOWN' }),
      cancel: async () => void cancelled++,
    })
    const result = await runModule(suite, 'plan', PLANNED, { ...OPTIONS, limit: 0.01 })
    expect(result).toMatchObject({ result: 'INTERRUPTED', reasons: ['not finished after 0.01 s'] })
    expect(cancelled).toBe(1)
  })
})

describe('a campaign', () => {
  const runOf = (words: readonly string[]) => {
    const { run } = readCall(words, { ...VARIABLES, CONFORMANCE_SUITE: FACTS.suite })
    if (run === null) throw new Error('no suite is named')
    return run
  }
  const listener = { say: () => undefined, ended: () => undefined }
  const onePlan = async () => ({ id: 'plan', modules: [PLANNED] })

  test('runs every plan once in each variant, and tells them in the order of the plans', async () => {
    const run = runOf(['--drivers', '4'])
    const aliases = new Set<string>()
    const suite = playing({
      createPlan: async (_, __, config) => {
        aliases.add((config as { alias: string }).alias)
        return onePlan()
      },
    })
    const runs = await runPlans(run, suite, listener)
    const planned = run.plans.flatMap(({ name, variants }) => variants.map((variant) => ({ plan: name, variant })))
    expect(runs.map(({ plan, variant }) => ({ plan, variant }))).toEqual(planned)
    expect([...aliases].toSorted()).toEqual([...FACTS.aliases])
  })

  test('leaves a plan whose client has one logout URI to the driver of that alias', async () => {
    const seen: string[] = []
    const suite = playing({
      createPlan: async (name, _, config) => {
        if (name.includes('channel')) seen.push((config as { alias: string }).alias)
        return onePlan()
      },
    })
    await runPlans(runOf(['--drivers', '4']), suite, listener)
    expect(seen).toEqual(['lingpai', 'lingpai', 'lingpai', 'lingpai'])
    await expect(runPlans(runOf(['back-channel', '--alias', 'lingpai2']), suite, listener)).rejects.toThrow(
      '41-back-channel-logout has a client with one logout URI, which is that of lingpai',
    )
    expect(seen).toHaveLength(4)
  })

  test('goes on when the suite goes away under a module, and tells each run as it ends', async () => {
    const ended: number[] = []
    const suite = playing({
      createPlan: onePlan,
      info: async () => {
        throw new NoSuite('gone')
      },
    })
    const runs = await runPlans(runOf(['basic']), suite, {
      say: () => undefined,
      ended: (all) => void ended.push(all.length),
    })
    expect(runs.flatMap(({ modules }) => modules)).toMatchObject([
      { result: 'INTERRUPTED', reasons: ['gone'] },
      { result: 'INTERRUPTED', reasons: ['gone'] },
    ])
    expect(ended).toEqual([1, 2])
  })
})

test('a rotation ends when the server publishes other keys', async () => {
  let fetched = 0
  const server = createServer((request, reply) => {
    const keys = JSON.stringify({ keys: Array.from({ length: fetched > 1 ? 2 : 1 }, (_, kid) => ({ kid })) })
    if (request.url === '/jwks') fetched++
    reply.end(request.url === '/jwks' ? keys : JSON.stringify({ jwks_uri: `${issuer}/jwks` }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    await rotateKeys({ rotation: ['true'], facts: { ...FACTS, issuer } })
    expect(fetched).toBe(3)
    await expect(rotateKeys({ rotation: [], facts: FACTS })).rejects.toThrow('CONFORMANCE_ROTATE must name')
    await expect(rotateKeys({ rotation: ['false'], facts: { ...FACTS, issuer } })).rejects.toThrow(
      'the keys were not rotated: ',
    )
  } finally {
    server.close()
  }
})

const result = (module: string, outcome: Result, reasons: readonly string[] = []): ModuleResult => ({
  module,
  variant: { response_type: 'code' },
  result: outcome,
  reasons,
  seconds: 1.5,
})

const RUN: PlanRun = {
  plan: '20-basic',
  variant: { client_registration: 'static_client' },
  planId: 'p',
  seconds: 90,
  modules: [
    result('good', 'PASSED'),
    result('seen', 'REVIEW', ['Page: look']),
    result('bad', 'FAILED', ['Check: "a" < b']),
  ],
}
const SEEN: Expectation = { module: 'seen', result: 'REVIEW', reason: 'a person looks' }

describe('a verdict', () => {
  test('accepts what passed and what has a written reason, and nothing else', () => {
    expect(problemsOf(judge([RUN], [SEEN]))).toEqual([
      '20-basic (client_registration=static_client): bad: FAILED, and no reason is written down; Check: "a" < b',
    ])
    expect(problemsOf(judge([RUN], []))).toHaveLength(2)
    expect(problemsOf(judge([RUN], [SEEN, { module: 'bad', result: 'FAILED', reason: 'known' }]))).toEqual([])
  })

  test('says when an expectation no longer holds', () => {
    const [problem] = problemsOf(judge([RUN], [SEEN, { module: 'good', result: 'SKIPPED', reason: 'former' }]))
    expect(problem).toContain('good: SKIPPED was expected, and it is PASSED')
  })

  test('reads an expectation only for its plan and variant', () => {
    const problems = (extra: Partial<Expectation>) => problemsOf(judge([RUN], [{ ...SEEN, ...extra }])).length
    expect(problems({ plan: '20-basic', variant: { response_type: 'code' } })).toBe(1)
    expect(problems({ plan: '10-config' })).toBe(2)
    expect(problems({ variant: { response_type: 'id_token' } })).toBe(2)
  })
})

describe('a report', () => {
  const judged = judge([RUN], [SEEN])

  test('counts every module in the table and lists what is no plain pass', () => {
    expect(tableOf(judged).split('\n').at(-1)).toBe(
      '| 20-basic | client_registration=static_client | 3 | 1 |  | 1 |  | 1 |  | 1.5 |',
    )
    expect(listOf(judged)).toContain('- REVIEW `seen`: a person looks (20-basic)')
    expect(listOf(judged)).not.toContain('good')
  })

  test('is a page that counts everything, and explains what is no plain pass once for each reason', () => {
    const about = { suite: '5.2.4', revision: 'abc', issuer: 'https://lingpai.test', date: '2026-11-28' }
    const again = { ...RUN, plan: '30-form-post-basic' }
    const page = pageOf(about, judge([RUN, again], [SEEN]))
    expect(page).toContain('Suite 5.2.4 (revision abc), its scripted browser, each module once, 2026-11-28.')
    expect(page).toContain('| 20-basic | client_registration=static_client | 3 | 1 | 0 | 1 | 0 | 1 | 0 |')
    expect(page).toContain('| **all** |  | 6 | 2 | 0 | 2 | 0 | 2 | 0 |')
    expect(page).toContain('| review | `seen` ×2 | a person looks |')
    expect(page).toContain('| failed | `bad` ×2 | **not explained**: Check: "a" < b |')
    expect(page).not.toContain('`good`')
  })

  test('is made again from kept results, of which the later ones count, without a suite', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lingpai-results-'))
    const kept = (name: string, runs: readonly PlanRun[]) => {
      const about = { suite: '5.2.4', revision: 'abc', issuer: 'https://lingpai.test', date: '2026-11-28' }
      mkdirSync(join(folder, name))
      writeFileSync(join(folder, name, 'results.json'), JSON.stringify({ ...about, runs }))
      return ['--from', join(folder, name)]
    }
    try {
      const first = kept('first', [RUN, { ...RUN, plan: '10-config' }])
      const second = kept('second', [{ ...RUN, modules: [result('good', 'PASSED')] }])
      expect((await call(first)).exit).toBe(1)
      const { said } = await call([...first, ...second, '--out', join(folder, 'both')])
      expect(said).toContain('| 20-basic | client_registration=static_client | 1 | 1 |')
      const runs = JSON.parse(readFileSync(join(folder, 'both', 'results.json'), 'utf8')).runs
      expect(runs.map(({ plan }: PlanRun) => plan)).toEqual(['10-config', '20-basic'])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('is JUnit with one failure for each problem, and escapes what modules say', () => {
    const xml = junitOf(judged)
    expect(xml).toContain('tests="3" failures="1" skipped="0"')
    expect(xml.match(/<failure /g)).toHaveLength(1)
    expect(xml).toContain('Check: &quot;a&quot; &lt; b')
  })
})

describe('the connection to a suite', () => {
  const serving = async (status: number, body: string, ask: (suite: Suite) => Promise<void>) => {
    const seen: string[] = []
    const server = createServer((request, reply) => {
      seen.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.authorization ?? ''}`)
      reply.writeHead(status, { 'content-type': 'application/json' }).end(body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      await ask(connectSuite(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 'token'))
    } finally {
      server.close()
    }
    return seen
  }

  test('sends plan, variant and token as the suite wants them', async () => {
    const seen = await serving(201, '{"id":"p1","modules":[]}', async (suite) => {
      expect(await suite.createPlan('the-plan', { a: 'b' }, {})).toEqual({ id: 'p1', modules: [] })
    })
    expect(seen).toEqual(['POST /api/plan?planName=the-plan&variant=%7B%22a%22%3A%22b%22%7D Bearer token'])
  })

  test.each([
    ['a proxy without its suite', 502, ''],
    ['something that speaks no JSON', 200, '<html>'],
    ['something that is no suite', 200, '{}'],
  ])('knows %s', async (_, status, body) => {
    await serving(status, body, async (suite) => {
      await expect(suite.version()).rejects.toThrow(NoSuite)
    })
    await serving(200, '{"version":"5.2.4","revision":"abc"}', async (suite) => {
      expect(await suite.version()).toEqual({ version: '5.2.4', revision: 'abc' })
    })
  })
})
