// A rotation of the signing key on two nodes whose clocks are nearly a minute apart, while commands and a node are killed:
// whoever gets a token can check it, whichever node shows the keys.

import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { lingpaiJson } from '../../support/cli.ts'
import { type FreshDatabase, freshDatabase } from '../../support/postgres.ts'
import { Caller } from '../support/caller.ts'
import { type Child, startChild } from '../support/child.ts'
import { runCommand } from '../support/command.ts'
import { CLIENT_ID, type Prepared, preparePostgres } from '../support/installation.ts'

const ISSUER = 'http://localhost:4989'
/** Seconds; a node that is 30 off takes itself for unready. */
const OFF = 29

interface Node {
  readonly ahead: number
  server: Child
  caller: Caller
}

let database: FreshDatabase
let prepared: Prepared
const nodes: Node[] = []

async function started(ahead: number): Promise<Node> {
  const words = [...prepared.words, '--issuer', ISSUER]
  const server = await startChild({ words, env: prepared.env, clockAhead: ahead })
  return { ahead, server, caller: new Caller(server) }
}

beforeAll(async () => {
  database = await freshDatabase()
  prepared = await preparePostgres(database.url)
  for (const ahead of [OFF, -OFF]) nodes.push(await started(ahead))
})
afterAll(async () => {
  for (const { server, caller } of nodes) {
    caller.close()
    await server.stop()
  }
  prepared.remove()
  await database.drop()
})

/** One token of each node that answers, checked at once with the keys of each. The keys that signed. */
async function checked(living: readonly Node[]): Promise<readonly string[]> {
  const kids: string[] = []
  for (const node of living) {
    const code = await node.caller.needCode()
    const reply = await node.caller.redeem(code)
    expect(reply.status, reply.text).toBe(200)
    for (const other of living) {
      const keys = (await other.caller.ask('GET', '/sso/jwks')).body as unknown as JSONWebKeySet
      const expected = { issuer: ISSUER, audience: CLIENT_ID, clockTolerance: 2 }
      // Throws when no key fits, and when it is of another hour.
      const token = await jwtVerify(String(reply.body['id_token']), createLocalJWKSet(keys), expected).catch(
        (error: unknown) => {
          throw new Error(
            `a token of the node ${node.ahead} s ahead, at the node ${other.ahead} s ahead: ${String(error)}`,
          )
        },
      )
      kids.push(token.protectedHeader.kid ?? '')
    }
  }
  return kids
}

it('every token verifies with the keys that each node shows as it is handed out, also when a node and a command are killed meanwhile', {
  timeout: 90_000,
}, async () => {
  const [ahead, behind] = nodes as [Node, Node]
  const [before = ''] = await checked(nodes)
  const rotation = ['key', 'rotate', '--at-once', '--algorithm', 'ES256', ...prepared.words]
  // At whatever it was: all of the rotation, or nothing.
  const cut = runCommand(rotation, { ...prepared, clockAhead: OFF })
  setTimeout(() => cut.signal('SIGKILL'), 300 + Math.random() * 400)
  await cut.ended
  await checked(nodes)
  // The command too runs on a machine whose clock is wrong.
  const command = runCommand([...rotation, '--json'], { ...prepared, clockAhead: -OFF })
  let isMade = false
  let isKilled = false
  let restarting: Promise<void> | null = null
  const seen = new Set<string>()
  const end = performance.now() + 40_000
  const startedAt = performance.now()
  for (let overSince = 0; performance.now() < end; ) {
    if (!isMade && command.isOver()) {
      isMade = true
      expect((await command.ended).code, (await command.ended).stderr).toBe(0)
    }
    if (isMade && !isKilled && performance.now() - startedAt > 6_000) {
      isKilled = true
      await behind.server.kill()
      behind.caller.close()
      restarting = started(-OFF).then((fresh) => {
        Object.assign(behind, fresh)
        restarting = null
      })
    }
    const kids = await checked(restarting === null ? [ahead, behind] : [ahead])
    for (const kid of kids) seen.add(kid)
    if (isKilled && restarting === null && !kids.includes(before) && new Set(kids).size === 1) {
      overSince ||= performance.now()
      if (performance.now() - overSince > 1_000) break
    }
  }
  const listed = await lingpaiJson<{ keys: readonly { key_id: string; algorithm: string; state: string }[] }>(
    ['key', 'list', ...prepared.words],
    prepared,
  )
  const [signing, ...more] = listed.keys.filter(({ algorithm, state }) => algorithm === 'ES256' && state === 'signing')
  expect(more).toEqual([])
  // It began before, and has gone over.
  expect([...seen]).toContain(before)
  expect([...seen]).toContain(signing?.key_id)
  expect(new Set(await checked(nodes))).toEqual(new Set([signing?.key_id]))
})
