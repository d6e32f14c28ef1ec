// The pictures that the README shows are those that the script takes.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { REPOSITORY } from '../support/cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'lingpai-pictures-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('takes each picture that a README shows, and no other', { timeout: 120_000 }, () => {
  const run = spawnSync(process.execPath, [join(REPOSITORY, 'scripts/pictures.ts'), '--folder', folder], {
    encoding: 'utf8',
  })
  expect(run).toMatchObject({ status: 0, stderr: '' })
  const shown = ['README.md', 'README.zh-CN.md'].flatMap((file) =>
    [...readFileSync(join(REPOSITORY, file), 'utf8').matchAll(/docs\/images\/([^"]+)"/g)].map(([, name = '']) => name),
  )
  expect(shown).toHaveLength(4)
  expect(readdirSync(folder).toSorted()).toEqual(shown.toSorted())
  for (const name of shown) {
    const picture = readFileSync(join(folder, name))
    // PNG: signature and header, with width and height; a page has more than a few kilobytes.
    expect(picture.subarray(1, 4).toString()).toBe('PNG')
    expect([picture.readUInt32BE(16), picture.length > 20_000], name).toEqual([780, true])
    expect(picture.readUInt32BE(20), name).toBeGreaterThan(name.startsWith('consent') ? 1500 : 900)
  }
})
