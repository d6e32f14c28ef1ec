// What the trace says of answered requests, and of places for credentials, is there in Chinese: all that the source can say.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isAnswered } from '../../../src/administration/trace/hints.ts'
import { answerInChinese, placesInChinese } from '../../../src/administration/trace/reasons-zh.ts'

const source = join(import.meta.dirname, '../../../src')
const read = (file: string) => readFileSync(join(source, file), 'utf8')
const files = ['issuer', 'sign-in'].flatMap((wing) =>
  readdirSync(join(source, wing), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(wing, file)),
)

/** The reasons that stand beside a rule which answers. */
function reasonsInSource(): readonly string[] {
  return files.flatMap((file) =>
    [...read(file).matchAll(/\brule(?:: | = )([^\n]*'\w+'[^\n]*)[^]{0,160}?\breason: ([^\n]+)/g)].flatMap(
      ([, rule = '', reason = '']) =>
        [...rule.matchAll(/'(\w+)'/g)].some(([, name = '']) => isAnswered(name))
          ? [...reason.matchAll(/'([a-z][^']+)'/g)].map(([, words = '']) => words)
          : [],
    ),
  )
}

const HAN = /^[^A-Za-z]*\p{Script=Han}/u

describe('reasons of what was answered', () => {
  const reasons = reasonsInSource().filter((each) => each.includes(' '))

  test('the search has found them', () => {
    expect(new Set(reasons).size).toBeGreaterThanOrEqual(10)
    expect(reasons).toEqual(
      expect.arrayContaining(['user info answered', 'the sessions of this browser are ended', 'revocation answered']),
    )
  })

  test.each([...new Set(reasons), 'introspected'])('%s', (reason) => {
    expect(answerInChinese(reason)).toMatch(HAN)
  })

  const pages = [...(/const PATHS = \{([^}]*)\}/.exec(read('sign-in/dispatch.ts'))?.[1] ?? '').matchAll(/'([a-z-]+)'/g)]
  const causes = [...(/because: ('[^}]*) \}/.exec(read('sign-in/next-step.ts'))?.[1] ?? '').matchAll(/'(\w+)'/g)]
  test.each([
    ...pages.flatMap(([, page = '']) => causes.map(([, because = '']) => [page, because] as const)),
    ['choose-account', 'select_account'] as const,
    ['consent', 'consent'] as const,
  ])('the page %s because of %s', (page, because) => {
    expect(answerInChinese(`sent to the page ${page} because of ${because}`)).toMatch(
      /^已转到\p{Script=Han}+页：\p{Script=Han}/u,
    )
  })

  test('the grant stays as it is called, and what is not known stays whole', () => {
    expect(pages.length * causes.length).toBe(12)
    expect(answerInChinese('tokens issued by refresh_token')).toBe('已凭 refresh_token 签发令牌')
    for (const words of ['something new', 'constructor', 'sent to the page toString because of prompt']) {
      expect(answerInChinese(words)).toBe(words)
    }
  })
})

describe('places for credentials', () => {
  const [, body = ''] =
    /function credentialStyle([^]*?)\n}/.exec(read('administration/trace/describe-request.ts')) ?? []
  const styles = [...body.matchAll(/(?:push\(|\? |: |=== )'([a-z ]+)'/g)].map(([, style = '']) => style)

  test.each(styles)('%s', (style) => {
    expect(placesInChinese(style)).toMatch(HAN)
  })

  test('several are told one by one', () => {
    expect(styles.length).toBeGreaterThanOrEqual(12)
    expect(placesInChinese('basic + body')).toBe('请求头（Basic） + 请求体')
    expect(placesInChinese('something else')).toBe('something else')
  })
})
