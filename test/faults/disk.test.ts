import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { Caller, eventually, type Issued, issuedBy, type Reply } from './support/caller.ts'
import { type Child, type End, startChild, tryChild } from './support/child.ts'
import { prepareSqlite } from './support/installation.ts'

const asRoot = process.getuid?.() === 0
const cleanup: (() => void | Promise<unknown>)[] = []
afterEach(async () => {
  for (const undo of cleanup.splice(0).toReversed()) await undo()
})

async function started(folder: string, under: readonly string[] = []): Promise<{ server: Child; caller: Caller }> {
  const server = await startChild({ words: ['--data', folder], under })
  const caller = new Caller(server)
  cleanup.push(
    () => server.kill(),
    () => caller.close(),
  )
  return { server, caller }
}

/** An installation in a folder of its own; `mount` gives it a disk of its own. */
async function installation(mount = false): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'lingpai-disk-'))
  cleanup.push(() => rmSync(folder, { recursive: true, force: true }))
  if (mount) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder])
    cleanup.push(() => void execFileSync('umount', ['-l', folder]))
  }
  await prepareSqlite(folder)
  return folder
}

function mayMount(): boolean {
  if (!asRoot) return false
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
    const folder = await installation(kind === 'a small disk')
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

describe('a write-ahead log that was damaged while the server was down', () => {
  /** A killed server's folder, and its access tokens in the order of their commits. */
  async function killed(): Promise<{ folder: string; wal: string; issued: string[] }> {
    const folder = await installation()
    const { server, caller } = await started(folder)
    const issued: string[] = []
    for (let count = 0; count < 15; count++) issued.push((await caller.tokens()).access)
    await server.kill()
    const wal = join(folder, 'lingpai.sqlite-wal')
    expect(statSync(wal).size).toBeGreaterThan(100_000)
    return { folder, wal, issued }
  }

  const damages: Readonly<Record<string, (wal: string, size: number) => void>> = {
    'is cut off in the middle': (wal, size) => truncateSync(wal, Math.floor(size / 2) + 77),
    'has lost its last bytes': (wal, size) => truncateSync(wal, size - 1),
    'is empty': (wal) => truncateSync(wal, 0),
    'has other bytes in the middle': (wal, size) => {
      const bytes = readFileSync(wal)
      const at = Math.floor(size / 2)
      for (let count = 0; count < 64; count++) bytes[at + count] = (bytes[at + count] ?? 0) ^ 0xff
      writeFileSync(wal, bytes)
    },
    'ends in garbage': (wal) => writeFileSync(wal, Buffer.alloc(20_000, 0xa5), { flag: 'a' }),
  }

  it.each(Object.keys(damages))(
    'that %s: what was committed before the damage is served, and nothing else',
    async (name) => {
      const { folder, wal, issued } = await killed()
      damages[name]?.(wal, statSync(wal).size)
      const { caller } = await started(folder)
      const answers: number[] = []
      for (const token of issued) answers.push((await caller.userinfo(token)).status)
      const valid = answers.filter((status) => status === 200).length
      expect(answers).toEqual([...Array<number>(valid).fill(200), ...Array<number>(issued.length - valid).fill(401)])
      if (name === 'ends in garbage') expect(valid).toBe(issued.length)
      if (name === 'is empty') expect(valid).toBe(0)
      if (name === 'is cut off in the middle') {
        expect(valid).toBeGreaterThan(0)
        expect(valid).toBeLessThan(issued.length)
      }
      // It goes on from there, and what it keeps now is kept.
      const { access } = await caller.tokens()
      expect((await caller.userinfo(access)).status).toBe(200)
    },
  )
})

function refusal(end: Child | End): End {
  if ('port' in end) throw new Error('it started')
  return end
}

/** One line for the operator: no stack, no second complaint. */
function expectOneLine({ code, log }: End, exitCode: number, pattern: RegExp): void {
  expect(code, log).toBe(exitCode)
  const lines = log.trim().split('\n')
  expect(lines, log).toHaveLength(1)
  expect(lines[0]).toMatch(pattern)
}

describe('a data folder that cannot be used', () => {
  // Root may do anything: without these two rights it is bound by permissions like everybody.
  const bound = asRoot ? ['setpriv', '--bounding-set', '-dac_override,-dac_read_search'] : []

  async function tried(spoil: (folder: string) => void, mend: (folder: string) => void) {
    const folder = await installation()
    await (await started(folder, bound)).server.stop()
    spoil(folder)
    const refused = refusal(await tryChild({ words: ['--data', folder], under: bound }))
    mend(folder)
    const { caller } = await started(folder, bound)
    await caller.tokens()
    return refused
  }

  it('because it is read-only: one line names it', async () => {
    const refused = await tried(
      (folder) => {
        for (const name of ['lingpai.sqlite', 'owner.sqlite']) chmodSync(join(folder, name), 0o400)
        chmodSync(folder, 0o500)
      },
      (folder) => {
        chmodSync(folder, 0o700)
        for (const name of ['lingpai.sqlite', 'owner.sqlite']) chmodSync(join(folder, name), 0o600)
      },
    )
    expectOneLine(refused, 5, /^Error: .*lingpai-disk-.*lingpai\.sqlite cannot be used: .*read-only/)
  })

  it('because the database may not be read', async () => {
    const refused = await tried(
      (folder) => chmodSync(join(folder, 'lingpai.sqlite'), 0o000),
      (folder) => chmodSync(join(folder, 'lingpai.sqlite'), 0o600),
    )
    expectOneLine(refused, 5, /^Error: .*lingpai\.sqlite cannot be used: the database file cannot be opened/)
  })

  it('because others may read the master key', async () => {
    const refused = await tried(
      (folder) => chmodSync(join(folder, 'master.key'), 0o644),
      (folder) => chmodSync(join(folder, 'master.key'), 0o600),
    )
    expectOneLine(refused, 1, /^Error: .*master\.key/)
  })

  it('because the master key is gone', async () => {
    let kept = ''
    const refused = await tried(
      (folder) => {
        kept = readFileSync(join(folder, 'master.key'), 'utf8')
        rmSync(join(folder, 'master.key'))
      },
      (folder) => writeFileSync(join(folder, 'master.key'), kept, { mode: 0o600 }),
    )
    expectOneLine(refused, 1, /^Error: .*master\.key does not exist; bring it back from a backup/)
  })

  it.each([
    ['its first page', 0, /^Error: .*(not a database|damaged)/],
    ['the pages after it', 4096, /^Error: .*(damaged|malformed)/],
  ])('because %s of the database are garbage: it refuses to serve them', async (_, from, pattern) => {
    const folder = await installation()
    const file = join(folder, 'lingpai.sqlite')
    const whole = join(folder, 'whole')
    cpSync(file, whole)
    const bytes = readFileSync(file)
    bytes.fill(0xa5, from, from === 0 ? 4096 : bytes.length)
    writeFileSync(file, bytes)
    expectOneLine(refusal(await tryChild({ words: ['--data', folder] })), 5, pattern)
    for (const name of ['-wal', '-shm']) rmSync(`${file}${name}`, { force: true })
    cpSync(whole, file)
    await (await started(folder)).caller.tokens()
  })

  it('because a file has its name', async () => {
    const folder = await installation()
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    mkdirSync(join(folder, 'a-folder'))
    expectOneLine(
      refusal(await tryChild({ words: ['--data', file] })),
      5,
      /^Error: The data folder .*a-file cannot be used/,
    )
    await (await started(join(folder, 'a-folder'))).server.stop()
  })
})
