// A disk that is full, and has room again later.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually, type Issued, issuedBy, type Reply } from '../support/caller.ts'
import type { Child } from '../support/child.ts'
import { installation, started } from './installed.ts'

function mayMount(): boolean {
  if (process.getuid?.() !== 0) return false
  const folder = mkdtempSync(join(tmpdir(), 'lingpai-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder], { stdio: 'ignore' })
    execFileSync('umount', [folder], { stdio: 'ignore' })
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function smallDisk(folder: string): () => void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder])
  return () => void execFileSync('umount', ['-l', folder])
}

interface Filled {
  fill(): void
  free(): void
}

const limited = (server: Child): Filled => ({
  // Any process may lower its own soft limit and raise it again.
  fill: () => execFileSync('prlimit', ['--pid', String(server.pid), '--fsize=1:unlimited']),
  free: () => execFileSync('prlimit', ['--pid', String(server.pid), '--fsize=unlimited:unlimited']),
})

function filled(folder: string): Filled {
  const file = join(folder, 'filler')
  return {
    fill() {
      for (let size = 65_536; size >= 512; size /= 2) {
        try {
          for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' })
        } catch {
          // Full for this size: the rest is filled with smaller pieces.
        }
      }
    },
    free: () => rmSync(file),
  }
}

function expectUnavailable(reply: Reply): void {
  expect(reply.status, reply.text).toBe(503)
  expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
  expect(reply.text).not.toMatch(/access_token|sqlite|\.ts:\d/i)
}

// The limit on file sizes works for everybody; a disk of its own needs the right to mount one.
const kinds = mayMount() ? (['a limit', 'a small disk'] as const) : (['a limit'] as const)

describe.each(kinds)('a disk that is full (%s)', (kind) => {
  it('is answered 503 with Retry-After and never a success; /readyz says why, and all heals by itself', async () => {
    const folder = await installation(kind === 'a small disk' ? smallDisk : undefined)
    const { server, caller } = await started(folder)
    const disk = kind === 'a limit' ? limited(server) : filled(folder)
    const before = await caller.tokens()
    let chain: Issued = await caller.tokens()
    const code = await caller.needCode()
    expect((await caller.ready()).status).toBe(200)

    disk.fill()
    const refused = await eventually(
      async () => {
        const reply = await caller.refresh(chain.refresh)
        if (reply.status === 200) chain = issuedBy(reply)
        return reply
      },
      ({ status }) => status !== 200,
    )
    expectUnavailable(refused)
    expectUnavailable(await caller.redeem(code))
    expectUnavailable(await caller.revoke(before.access))
    const page = await caller.code()
    expect(typeof page === 'object' && page.status).toBe(503)
    // What needs no write goes on, and the revocation that was refused has not half happened.
    expect((await caller.userinfo(before.access)).status).toBe(200)
    const unready = await caller.ready()
    expect(unready.status).toBe(503)
    expect(unready.body['reason']).toMatch(/the disk of the database (is full|fails)/)
    expect((await caller.ask('GET', '/healthz')).status).toBe(200)

    disk.free()
    await eventually(
      () => caller.ready(),
      ({ status }) => status === 200,
    )
    expect((await caller.redeem(code)).status).toBe(200)
    expect((await caller.redeem(code)).status).toBe(400)
    expect((await caller.refresh(chain.refresh)).status).toBe(200)
    expect((await caller.revoke(before.access)).status).toBe(200)
    expect((await caller.userinfo(before.access)).status).toBe(401)
  })
})

it('a disk with room for a little, where some writes hold and none that gives tokens, makes nothing ready', async () => {
  const folder = await installation()
  const { server, caller } = await started(folder)
  let chain: Issued = await caller.tokens()
  const log = statSync(join(folder, 'lingpai.sqlite-wal')).size
  // A page or two fit in what is left behind the last refresh that did.
  execFileSync('prlimit', ['--pid', String(server.pid), `--fsize=${log + 9_000}:unlimited`])
  const refused = await eventually(
    async () => {
      const reply = await caller.refresh(chain.refresh)
      if (reply.status === 200) chain = issuedBy(reply)
      return reply
    },
    ({ status }) => status !== 200,
  )
  expectUnavailable(refused)
  for (let looks = 0; looks < 5; looks++) {
    const unready = await caller.ready()
    expect(unready.status).toBe(503)
    expect(unready.body['reason']).toMatch(/the disk of the database (is full|fails)/)
    expectUnavailable(await caller.refresh(chain.refresh))
  }
  limited(server).free()
  await eventually(
    () => caller.ready(),
    ({ status }) => status === 200,
  )
  expect((await caller.refresh(chain.refresh)).status).toBe(200)
})
