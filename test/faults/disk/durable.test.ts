import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Caller, eventually, issuedBy } from '../support/caller.ts'
import { type Child, startChild } from '../support/child.ts'
import { type Prepared, prepareSqlite } from '../support/installation.ts'
import { answeredTooEarly, isSync, readTrace, requireStrace, tracedInto } from '../support/strace.ts'

let prepared: Prepared
beforeAll(async () => {
  prepared = await prepareSqlite()
})
afterAll(() => prepared.remove())

describe('a success of the token endpoint', () => {
  it('leaves after the fdatasync of its commit, one at a time and in parallel', { timeout: 60_000 }, async () => {
    const file = join(prepared.folder, 'trace')
    const server = await startChild({ ...prepared, under: tracedInto(file) })
    const caller = new Caller(server)
    const tokens: string[] = []
    for (let count = 0; count < 25; count++) {
      const first = await caller.tokens()
      const next = issuedBy(await caller.refresh(first.refresh))
      tokens.push(first.access, next.access)
    }
    const codes = await Promise.all(Array.from({ length: 50 }, () => caller.needCode()))
    const together = (await Promise.all(codes.map((code) => caller.redeem(code)))).map(issuedBy)
    tokens.push(...together.map(({ access }) => access))
    caller.close()
    await server.stop()
    const calls = await eventually(
      async () => readTrace(file),
      (seen) => tokens.length > 0 && answeredTooEarly(seen, tokens.slice(-1)).length === 0,
    )
    expect(tokens).toHaveLength(100)
    expect(answeredTooEarly(calls, tokens)).toEqual([])
    // Together they shared commits: fewer were needed than there were lists.
    const syncs = calls.filter(isSync).length
    expect(syncs).toBeGreaterThan(25 * 3)
    expect(syncs).toBeLessThan(25 * 3 + 90)

    // The measure itself: a disk that says nothing, or says it late, is noticed.
    const never = calls.filter((call) => !isSync(call))
    expect(answeredTooEarly(never, tokens)).toHaveLength(100)
    const late = calls.map((call) => (isSync(call) ? { ...call, ended: call.ended + 1_000_000 } : call))
    expect(answeredTooEarly(late, tokens)).toHaveLength(100)
  })
})

/** From now on the disk refuses to keep what this server writes: to the files of these paths, or to all. */
async function failing(server: Child, paths: readonly string[] = []): Promise<void> {
  const inject = ['-e', 'trace=fdatasync,fsync', '-e', 'inject=fdatasync,fsync:error=EIO']
  const only = paths.flatMap((path) => ['-P', path])
  const tracer = spawn(requireStrace(), ['-f', ...only, ...inject, '-o', '/dev/null', '-p', String(server.pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await once(tracer.stderr, 'data')
}

describe('a disk that fails while it is told to keep', () => {
  it('ends the server with one clear line; nothing is answered that may be lost', { timeout: 60_000 }, async () => {
    const server = await startChild(prepared)
    const caller = new Caller(server)
    const code = await caller.needCode()
    await failing(server)
    const before = server.log().length
    const replies = await Promise.all([caller.redeem(code), caller.code(), caller.code()])
    for (const reply of replies) {
      expect(typeof reply).toBe('object')
      if (typeof reply === 'object') expect([0, 503]).toContain(reply.status)
    }
    const { code: exitCode, log } = await server.ended
    expect(exitCode).toBe(5)
    const lines = log.slice(before).trim().split('\n')
    expect(lines, log).toHaveLength(1)
    expect(lines[0]).toContain('the database failed while writing; the server stops')
    expect(lines[0]).not.toContain(code)
    caller.close()

    // With a disk that holds, it starts again on what was kept, and the code works at most once.
    const again = await startChild(prepared)
    const second = new Caller(again)
    const wins = (await Promise.all([1, 2, 3].map(() => second.redeem(code)))).filter(({ status }) => status === 200)
    expect(wins.length).toBeLessThanOrEqual(1)
    await second.tokens()
    second.close()
    await again.stop()
  })

  it('ends it too when only the file fails and not its log, and no success is lost', { timeout: 60_000 }, async () => {
    const server = await startChild(prepared)
    const caller = new Caller(server)
    let newest = await caller.tokens()
    await failing(server, [join(prepared.folder, 'lingpai.sqlite')])
    const before = server.log().length
    const access: string[] = []
    await eventually(
      async () => {
        const reply = await caller.refresh(newest.refresh)
        if (reply.status !== 200) return false
        newest = issuedBy(reply)
        access.push(newest.access)
        return true
      },
      (goesOn) => !goesOn,
    )
    const { code: exitCode, log } = await server.ended
    expect(exitCode).toBe(5)
    const lines = log.slice(before).trim().split('\n')
    expect(lines, log).toHaveLength(1)
    expect(lines[0]).toContain('the database failed while writing; the server stops')
    caller.close()

    // The log was kept at each commit: with a disk that holds, all of it is there.
    expect(access.length).toBeGreaterThan(0)
    const again = await startChild(prepared)
    const second = new Caller(again)
    for (const token of access.slice(-50)) expect((await second.userinfo(token)).status).toBe(200)
    expect((await second.refresh(newest.refresh)).status).toBe(200)
    second.close()
    await again.stop()
  })
})
