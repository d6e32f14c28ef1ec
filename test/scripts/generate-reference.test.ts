import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultInChinese, valueInChinese } from '../../scripts/reference/values-zh.ts'
import { describeSettings } from '../../src/model/client/settings.ts'
import { describeOptions } from '../../src/options/index.ts'

const script = fileURLToPath(new URL('../../scripts/generate-reference.ts', import.meta.url))
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lingpai-reference-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const run = (...words: string[]) =>
  spawnSync(process.execPath, [script, '--folder', folder, ...words], { encoding: 'utf8' })
const page = (name: string) => readFileSync(join(folder, name), 'utf8')

// Each run reads the source and the tests whole.
describe('the reference', { timeout: 120_000 }, () => {
  it('is stale before it is written and fresh afterwards', () => {
    expect(run('--check').status).toBe(1)
    expect(readdirSync(folder)).toEqual([])
    expect(run().status).toBe(0)
    expect(run('--check').status).toBe(0)
  })

  it('is stale when a page was changed by hand, and names the page', () => {
    writeFileSync(join(folder, 'options.md'), `${page('options.md')}\nBy hand.\n`)
    expect(run('--check')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('docs/reference/options.md is stale'),
    })
    expect(run().status).toBe(0)
    expect(page('options.md')).not.toContain('By hand.')
  })

  it('a page that people write is left as it is', () => {
    const written = 'By hand, and meant so.\n'
    writeFileSync(join(folder, 'conformance.md'), written)
    expect(run().status).toBe(0)
    expect(run('--check').status).toBe(0)
    expect(page('conformance.md')).toBe(written)
    rmSync(join(folder, 'conformance.md'))
  })

  it('a page that nothing makes is refused', () => {
    writeFileSync(join(folder, 'old.md'), '')
    expect(run('--check')).toMatchObject({ status: 1, stderr: expect.stringContaining('old.md is made from nothing') })
    rmSync(join(folder, 'old.md'))
    expect(run('--check').status).toBe(0)
  })

  it('says in Chinese what an option or a setting may be, and is by default', () => {
    for (const name of ['options.zh-CN.md', 'client-settings.zh-CN.md']) {
      const [head = [], , ...rows] = page(name)
        .split('\n')
        .filter((line) => line.startsWith('| '))
        .map((line) => line.split(' | '))
      const at = head.indexOf('取值')
      expect(rows.length).toBeGreaterThan(50)
      const cells = rows.flatMap((cells) => cells.slice(at, at + 2)).map((cell) => cell.replaceAll(/`[^`]*`/g, ''))
      // Lists of names are no sentences.
      expect(cells.filter((cell) => /^an? |\b(of|the|or|and|from|at|which|with|in) [a-z]/.test(cell))).toEqual([])
    }
    expect([valueInChinese('a thing of tomorrow'), defaultInChinese('what was there before', 'text')]).toEqual([
      null,
      null,
    ])
    expect([defaultInChinese('none', 'one of `none`, `x`'), defaultInChinese('none', 'a path')]).toEqual(['none', '无'])
  })

  it('names every option and every setting in both languages, and every command', () => {
    for (const name of ['options.md', 'options.zh-CN.md']) {
      for (const { environment } of describeOptions()) expect(page(name)).toContain(`\`${environment}\``)
    }
    for (const name of ['client-settings.md', 'client-settings.zh-CN.md']) {
      for (const setting of describeSettings()) expect(page(name)).toContain(`\`${setting.name}\``)
    }
    for (const command of ['lingpai start', 'lingpai client add', 'lingpai user import', 'lingpai config show']) {
      expect(page('cli.md')).toContain(`## ${command}\n`)
    }
  })
})
