import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectTo } from '../../http/raw-socket.ts'
import { Visitor } from '../../support/visitor.ts'
import { Caller, eventually } from '../support/caller.ts'
import { type Child, startChild } from '../support/child.ts'
import { CALLBACK, CLIENT_ID, CROWD, PASSWORD, type Prepared, prepareSqlite } from '../support/installation.ts'
import { Ledger } from '../support/ledger.ts'

let prepared: Prepared
beforeAll(async () => {
  prepared = await prepareSqlite()
})
afterAll(() => prepared.remove())

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Somebody who has filled in the form, and has yet to press the button. */
async function beforeSignIn({ issuer }: Child, username: string) {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: CLIENT_ID,
    redirect_uri: CALLBACK,
    scope: 'openid profile',
  })
  const visitor = new Visitor()
  const page = await visitor.follow(await visitor.get(`${issuer}/sso/authorize?${query.toString()}`))
  return (password: string) => visitor.submit(page, 'login-submit', { username, password })
}

describe('a server that is told to stop under load', () => {
  it('answers whole all whose password it is looking at, and is right in what it said', {
    timeout: 60_000,
  }, async () => {
    const first = await startChild({ words: prepared.words })
    // Hashing takes a few at a time: the last of these wait for several turns.
    const people = await Promise.all(CROWD.slice(0, 24).map((username) => beforeSignIn(first, username)))
    const ledger = new Ledger()
    const under = new Caller(first)
    let isOver = false
    const workers = Array.from({ length: 8 }, () => ledger.work(under, () => isOver))
    await pause(300)
    const answers = people.map((press, at) => press(at % 4 === 0 ? 'not the password' : PASSWORD))
    let answered = 0
    for (const answer of answers) void answer.then(() => answered++)
    const half = connectTo(first.port)
    half.socket.write(`POST /sso/token HTTP/1.1\r\nHost: ${new URL(first.issuer).host}\r\nContent-Length: 1\r\n\r\n`)
    // Asked and answered behind it, more than once: by then it has been read.
    for (let time = 0; time < 3; time++) expect((await fetch(`${first.issuer}/healthz`)).status).toBe(200)
    const stopping = first.stop()
    expect(answered).toBeLessThan(12)
    const isRefused = () =>
      fetch(`${first.issuer}/healthz`).then(
        () => false,
        () => true,
      )
    await eventually(isRefused, Boolean)
    half.socket.write('x')
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(statuses).toEqual(statuses.map((_, at) => (at % 4 === 0 ? 200 : 303)))
    expect(await half.closed).toMatch(/^HTTP\/1\.1 4\d\d .*\r\nConnection: close\r\n.*\}$/s)
    isOver = true
    await Promise.all(workers)
    under.close()
    const { code, signal, log } = await stopping
    expect({ code, signal }, log).toEqual({ code: 0, signal: null })
    expect(ledger.tally().redeemed).toBeGreaterThan(0)

    const second = await startChild({ words: prepared.words })
    const again = new Caller(second)
    try {
      expect(await ledger.settle(again)).toEqual([])
    } finally {
      again.close()
      await second.stop()
    }
  })
})
