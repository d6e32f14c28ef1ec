import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readSmallFile } from '../../src/platform/small-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'lingpai-small-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('a file that somebody names', () => {
  it('is read whole up to its bound, and refused beyond', () => {
    const file = join(folder, 'secret')
    writeFileSync(file, 'four')
    expect(readSmallFile(file, 4).toString('utf8')).toBe('four')
    expect(() => readSmallFile(file, 3)).toThrow('it is longer than 3 bytes')
    writeFileSync(file, '')
    expect(readSmallFile(file, 4)).toHaveLength(0)
  })

  it('may be a pipe that is written in parts', () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    spawn('sh', ['-c', `{ printf one; sleep 0.1; printf two; } > ${pipe}`], { stdio: 'ignore' })
    expect(readSmallFile(pipe, 100).toString('utf8')).toBe('onetwo')
  })

  it('without an end is refused at once', () => {
    expect(() => readSmallFile('/dev/zero', 16_384)).toThrow('it is longer than 16384 bytes')
  })

  it('that cannot be opened is what the system says', () => {
    expect(() => readSmallFile(join(folder, 'nowhere'), 4)).toThrow(/ENOENT/)
    expect(() => readSmallFile(folder, 4)).toThrow(/EISDIR/)
  })
})
