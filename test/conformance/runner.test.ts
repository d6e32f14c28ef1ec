// The runner without a suite: plan files and automation fit together, modules always end, results are judged and told.

import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { factsFrom } from '../../conformance/facts.ts'
import { runConformance } from '../../conformance/runner/command.ts'
import {
  type Automation,
  configOf,
  filled,
  readJson,
  readPlans,
  WrongCall,
} from '../../conformance/runner/plan-files.ts'
import { junitOf, listOf, tableOf } from '../../conformance/runner/report.ts'
import { type ModuleResult, type Result, runModule } from '../../conformance/runner/run-module.ts'
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
    expect(() => filled('{{clients}}', FACTS, 'here')).toThrow(WrongCall)
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
