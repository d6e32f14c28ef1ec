// The matrix of clauses: how they are read, and that a clause without a test is told.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clausesIn, covers } from '../../scripts/reference/clauses.ts'
import { matrixOf, specificationProblems, specificationsPage, textOf } from '../../scripts/reference/specifications.ts'

const read = (text: string, before?: string) => clausesIn(text, before ?? null).map(textOf)

describe('a clause', () => {
  it.each<readonly [string, readonly string[]]>([
    ['RFC 6749 §4.1.3', ['RFC 6749 §4.1.3']],
    ['RFC 6749 §4.1.2.1, §5.2 and RFC 9700 §2.1', ['RFC 6749 §4.1.2.1', 'RFC 6749 §5.2', 'RFC 9700 §2.1']],
    ['RFC 7517 §4.2 to §4.4', ['RFC 7517 §4.2', 'RFC 7517 §4.3', 'RFC 7517 §4.4']],
    ['RFC 7519 says no more. §7.2: so.', ['RFC 7519 §7.2']],
    ['OpenID Connect Core 1.0 §3.1.2', ['OpenID Connect Core §3.1.2']],
    ['Core §5.4; Connect Core §5.5', ['OpenID Connect Core §5.4', 'OpenID Connect Core §5.5']],
    ['OpenID Discovery §3, Registration §2', ['OpenID Connect Discovery §3', 'OpenID Connect Registration §2']],
    ['OAuth 2.0 Form Post Response Mode §2.', ['OAuth 2.0 Form Post Response Mode §2']],
    ['draft-ietf-oauth-client-id-metadata-document §5', ['OAuth Client ID Metadata Document §5']],
    ['draft-ietf-oauth-v2-1-13 §4.1', ['draft-ietf-oauth-v2-1-13 §4.1']],
    ['RFC 6750 has 3 sections', []],
    ['the core of it: Registration is open', []],
    ['RFC 2119 §§', []],
  ])('is read out of %j', (text, clauses) => {
    expect(read(text)).toEqual(clauses)
  })

  it('without a name belongs to what is spoken of, or to nothing', () => {
    expect(read('§2.3 the promise', 'RFC 7009')).toEqual(['RFC 7009 §2.3'])
    expect(read('§2.3 the promise')).toEqual([])
  })

  it('is covered by a test of itself or below, never of what stands above or beside', () => {
    const clause = (section: string, specification = 'RFC 6749') => ({ specification, section })
    expect(covers(clause('4.1'), clause('4.1'))).toBe(true)
    expect(covers(clause('4.1.2.1'), clause('4.1'))).toBe(true)
    expect(covers(clause('4'), clause('4.1'))).toBe(false)
    expect(covers(clause('4.10'), clause('4.1'))).toBe(false)
    expect(covers(clause('4.1', 'RFC 7662'), clause('4.1'))).toBe(false)
  })
})

describe('the matrix', () => {
  let root = ''
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'lingpai-specifications-'))
    write(
      'src/token.ts',
      "// RFC 6749 §5.1, and what\n// RFC 7009\n// §2.1 has.\nexport const clause = 'RFC 6749 §5.2'\n",
    )
    write('test/none.test.ts', '')
  })
  afterEach(() => rmSync(root, { recursive: true, force: true }))
  function write(file: string, text: string): void {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }

  it('tells what the source quotes and no title names', () => {
    expect(matrixOf(root).gaps.map(({ clause }) => textOf(clause))).toEqual([
      'RFC 6749 §5.1',
      'RFC 6749 §5.2',
      'RFC 7009 §2.1',
    ])
    expect(specificationProblems(matrixOf(root))[0]).toMatch(
      /^RFC 6749 §5\.1 is quoted in src\/token\.ts, and no title/,
    )
  })

  it('reads titles of tests and groups, repeated or not, under the specification of their file', () => {
    write(
      'test/token.test.ts',
      `// RFC 6749: tokens.
      describe('§5.1 the answer', () => {})
      test.each([1])(\`§5.2 refused \${'x'}\`, () => {})
      it.skipIf(true)('RFC 7009 §2.1 revoked', () => {})
      // RFC 9999 §1
      console.log('§9.9')`,
    )
    expect(specificationProblems(matrixOf(root))).toEqual([])
    expect(matrixOf(root).rows).toHaveLength(3)
  })

  it('links files and no lines, and lists what is tested without being quoted', () => {
    write('test/token.test.ts', "test('RFC 6750 §3 challenges', () => {})")
    const page = specificationsPage(matrixOf(root))
    expect(page).toContain('| §5.1 | [token.ts](../../src/token.ts) | – |')
    expect(page).toContain('| §3 | – | [token.test.ts](../../test/token.test.ts) |')
    expect(page.indexOf('## RFC 6749')).toBeLessThan(page.indexOf('## RFC 6750'))
  })

  it('of this repository has no gap', () => {
    expect(specificationProblems(matrixOf(fileURLToPath(new URL('../..', import.meta.url))))).toEqual([])
  })
})
