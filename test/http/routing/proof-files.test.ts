import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProofFiles } from '../../../src/http/routing/proof-files.ts'
import { requestOf } from '../builders.ts'

let folder = ''
beforeAll(() => {
  const root = mkdtempSync(join(tmpdir(), 'lingpai-proof-'))
  folder = join(root, 'proof')
  mkdirSync(folder)
  writeFileSync(join(root, 'MP_verify_outside.txt'), 'outside')
  writeFileSync(join(folder, 'MP_verify_abc123.txt'), 'proof-1')
  writeFileSync(join(folder, 'WW_verify_XYZ.txt'), 'proof-2')
  writeFileSync(join(folder, 'other.txt'), 'other')
  writeFileSync(join(folder, 'MP_verify_large.txt'), 'x'.repeat(64 * 1024 + 1))
  mkdirSync(join(folder, 'MP_verify_folder.txt'))
  execFileSync('mkfifo', [join(folder, 'MP_verify_pipe.txt')])
})
afterAll(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

const ask = (path: string) => createProofFiles(folder)(requestOf({ path }))

describe('proof files', () => {
  it.each([
    ['/MP_verify_abc123.txt', 'proof-1'],
    ['/WW_verify_XYZ.txt', 'proof-2'],
  ])('%s is served as it is', async (path, content) => {
    const reply = await ask(path)
    expect(reply).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
    })
    expect(Buffer.from(reply?.body ?? '').toString()).toBe(content)
  })

  it.each([
    '/MP_verify_missing.txt',
    '/other.txt',
    '/MP_verify_large.txt',
    '/MP_verify_folder.txt',
    '/MP_verify_pipe.txt',
    '/../MP_verify_outside.txt',
    '/MP_verify_../../x.txt',
    '/MP_verify_..%2f..%2fx.txt',
    '/MP_verify_abc123.txt/',
    '/MP_verify_abc123.txt\n',
    '/mp_verify_abc123.txt',
    '/proof/MP_verify_abc123.txt',
    `/MP_verify_${'a'.repeat(65)}.txt`,
  ])('%j is not served', async (path) => {
    expect(await ask(path)).toBeNull()
  })

  it('are read at request time', async () => {
    expect(await ask('/MP_verify_late.txt')).toBeNull()
    writeFileSync(join(folder, 'MP_verify_late.txt'), 'late')
    expect(await ask('/MP_verify_late.txt')).not.toBeNull()
  })

  it('of a folder that does not exist are none', async () => {
    expect(await createProofFiles(join(folder, 'nowhere'))(requestOf({ path: '/MP_verify_abc123.txt' }))).toBeNull()
  })
})
