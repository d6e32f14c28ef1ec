// A file system that becomes read-only under a running server, as kernels do it when they find it damaged.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { Caller, eventually, type Issued } from '../support/caller.ts'
import { type Child, startChild } from '../support/child.ts'
import { prepareSqlite } from '../support/installation.ts'
import { requireStrace } from '../support/strace.ts'

const cleanup: (() => void | Promise<unknown>)[] = []
afterEach(async () => {
  for (const undo of cleanup.splice(0).toReversed()) await undo()
})

async function started(folder: string): Promise<{ server: Child; caller: Caller }> {
  const server = await startChild({ words: ['--data', folder] })
  const caller = new Caller(server)
  cleanup.push(
    () => server.kill(),
    () => caller.close(),
  )
  return { server, caller }
}

/** A real file system in a file, which Linux makes read-only at its first error. */
class Image {
  readonly folder: string
  readonly #file: string
  readonly #options = ['-o', 'loop,errors=remount-ro']

  constructor() {
    const own = mkdtempSync(join(tmpdir(), 'lingpai-image-'))
    this.folder = join(own, 'mounted')
    this.#file = join(own, 'image')
    mkdirSync(this.folder)
    cleanup.push(() => rmSync(own, { recursive: true, force: true }))
    this.#run('truncate', '-s', '32M', this.#file)
    this.#run('mkfs.ext4', '-q', this.#file)
    this.mount()
    cleanup.push(() => {
      // Detached, whatever still holds it; it may have been taken off already.
      if (this.#isMounted()) this.#run('umount', '-l', this.folder)
    })
  }

  mount(): void {
    this.#run('mount', ...this.#options, this.#file, this.folder)
  }

  /** Tells the kernel that it has found an error. */
  breakDown(): void {
    const device = basename(this.#run('findmnt', '-n', '-o', 'SOURCE', this.folder).trim())
    writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, '1')
    expect(() => writeFileSync(join(this.folder, 'new'), '')).toThrow('EROFS')
  }

  repair(): void {
    this.#run('umount', this.folder)
    try {
      this.#run('fsck.ext4', '-y', this.#file)
    } catch (error) {
      // e2fsck(8): 1 says that errors were found and corrected.
      if (!(error instanceof Error && 'status' in error && error.status === 1)) throw error
    }
    this.mount()
  }

  #isMounted(): boolean {
    try {
      return this.#run('findmnt', '-n', this.folder) !== ''
    } catch {
      return false
    }
  }

  #run(program: string, ...words: string[]): string {
    return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }
}

function mounted(): Image | string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root may mount a file system'
  try {
    return new Image()
  } catch (error) {
    return `no file system can be mounted here: ${String(error)}`
  }
}

interface Kept {
  readonly before: Issued
  readonly chain: Issued
  readonly code: string
}

async function keep(caller: Caller): Promise<Kept> {
  const kept = { before: await caller.tokens(), chain: await caller.tokens(), code: await caller.needCode() }
  expect((await caller.ready()).status).toBe(200)
  return kept
}

/** Nothing that must be written succeeds, what is only read goes on, and the operator is told. */
async function expectReadsOnly(caller: Caller, { before, chain, code }: Kept): Promise<void> {
  const refused = [
    await caller.refresh(chain.refresh),
    await caller.redeem(code),
    await caller.revoke(before.access),
    await caller.code(),
  ]
  for (const reply of refused) {
    if (typeof reply === 'string') throw new Error('a code was issued')
    expect(reply.status, reply.text).toBe(503)
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0)
    expect(reply.text).not.toMatch(/access_token|sqlite|\.ts:\d/i)
  }
  expect((await caller.userinfo(before.access)).status).toBe(200)
  expect((await caller.introspect(chain.access)).body['active']).toBe(true)
  const unready = await caller.ready()
  expect(unready.status).toBe(503)
  expect(unready.body['reason']).toBe('the disk of the database fails')
  expect((await caller.ask('GET', '/healthz')).status).toBe(200)
}

async function expectWhole(caller: Caller, { before, chain, code }: Kept): Promise<void> {
  expect((await caller.redeem(code)).status).toBe(200)
  expect((await caller.redeem(code)).status).toBe(400)
  expect((await caller.refresh(chain.refresh)).status).toBe(200)
  expect((await caller.userinfo(before.access)).status).toBe(200)
  expect((await caller.revoke(before.access)).status).toBe(200)
  expect((await caller.userinfo(before.access)).status).toBe(401)
}

it('a file system that the kernel makes read-only: writes are 503, reads go on; repaired, it has everything', async (context) => {
  const image = mounted()
  if (typeof image === 'string') return context.skip(image)
  const data = join(image.folder, 'data')
  await prepareSqlite(data)
  const { server, caller } = await started(data)
  const kept = await keep(caller)

  image.breakDown()
  await expectReadsOnly(caller, kept)
  // Such a file system is written again only after a repair, for which nobody may hold it.
  expect((await server.stop()).code).toBe(0)
  image.repair()
  await expectWhole((await started(data)).caller, kept)
}, 60_000)

it('a disk that refuses writes as read-only for a while: all heals by itself', { timeout: 60_000 }, async () => {
  const prepared = await prepareSqlite()
  cleanup.push(() => prepared.remove())
  const { server, caller } = await started(prepared.folder)
  const kept = await keep(caller)

  const inject = ['-e', 'trace=pwrite64', '-e', 'inject=pwrite64:error=EROFS']
  const tracer = spawn(requireStrace(), ['-f', ...inject, '-o', '/dev/null', '-p', String(server.pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const detached = once(tracer, 'close')
  await once(tracer.stderr, 'data')
  await expectReadsOnly(caller, kept)
  tracer.kill('SIGINT')
  await detached

  await eventually(
    () => caller.ready(),
    ({ status }) => status === 200,
  )
  await expectWhole(caller, kept)
})
