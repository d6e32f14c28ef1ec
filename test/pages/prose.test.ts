// Commands, addresses and flags in sentences: marked, and nothing of the sentence lost.

import { describe, expect, it } from 'vitest'
import { code } from '../../src/pages/markup/code.ts'
import { html } from '../../src/pages/markup/html.ts'
import { prose } from '../../src/pages/markup/prose.ts'
import { frameIn } from './samples.ts'

const frame = frameIn('en')
const written = (text: string) => html`${prose(text, frame)}`.toString()
/** What is marked, in the order it comes. */
const marked = (text: string) =>
  [...written(text).matchAll(/<code>(.*?)<\/code>/g)].map(([, inside = '']) =>
    inside
      .replaceAll(/<[^>]*>/g, '')
      .replaceAll('&#39;', "'")
      .replaceAll('&quot;', '"'),
  )

describe('in a sentence', () => {
  it.each([
    ['Set one: npx lingpai user set-password alice', ['npx lingpai user set-password alice']],
    ['设置密码：npx lingpai user set-password alice', ['npx lingpai user set-password alice']],
    ['请运行“npx lingpai setup-link”，用新链接继续。', ['npx lingpai setup-link']],
    ['Do it: npx lingpai user update \'老 板；"x"\' --phone …', ['npx lingpai user update \'老 板；"x"\' --phone …']],
    ['请改为：npx lingpai client update a --set b=c。然后重试。', ['npx lingpai client update a --set b=c']],
    ['none of these answered: https://a.cn/sso/token, https://a.cn/b.', ['https://a.cn/sso/token', 'https://a.cn/b']],
    ['以下地址：https://a.cn/sso/token、https://a.cn/b。', ['https://a.cn/sso/token', 'https://a.cn/b']],
    ['(and make that https://a.cn).', ['https://a.cn']],
    ['The issuer is http://localhost:4000, without https.', ['http://localhost:4000']],
    ['start anew (--issuer, with --accept-new-issuer).', ['--issuer', '--accept-new-issuer']],
    ['Let it send X-Forwarded-Proto, or X-Forwarded-*.', ['X-Forwarded-Proto', 'X-Forwarded-*']],
    ['a sentence – and nothing else', []],
    ['Run "npx lingpai user show O\'Brien", or say that it\'s so', ["npx lingpai user show O'Brien"]],
    ["Run “npx lingpai user show 'a”b'” now", ["npx lingpai user show 'a”b'"]],
    ["Run \"npx lingpai user show 'it'\\''s a \"b\"'\" now", ["npx lingpai user show 'it'\\''s a \"b\"'"]],
  ])('%s', (text, expected) => {
    expect(marked(text)).toEqual(expected)
  })

  it('a command stands apart from the words beside it, also where Chinese puts no space', () => {
    expect(written('或用“npx lingpai trace”查看，或再运行“npx lingpai start”。')).toBe(
      '或用 <code>npx lingpai trace</code> 查看，或再运行 <code>npx lingpai start</code>。',
    )
  })

  it('quotes around a command go, everything else stays, and markup is inert', () => {
    expect(written('Run "npx lingpai start", <b>then</b> “look”.')).toBe(
      'Run <code>npx lingpai start</code>, &lt;b&gt;then&lt;/b&gt; “look”.',
    )
    expect(written('npx lingpai user show <x>')).not.toContain('<x>')
  })
})

describe('a text of a hundred thousand characters', () => {
  const most = 100_000
  it.each([
    ["'a' ", '"npx lingpai '],
    ["'", '"npx lingpai '],
    ["\\'", '"npx lingpai '],
    [' "', '“npx lingpai '],
    ['"npx lingpai ', ''],
    ['\'"npx lingpai ', ''],
    ['http://', ''],
    ['.', 'http://a'],
    ['--a-', ''],
  ])('of %j is read in no time', (piece, first) => {
    const text = first + piece.repeat(most / piece.length)
    const before = process.cpuUsage()
    expect(marked(text).join('').length).toBeLessThanOrEqual(text.length)
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000)
  })
})

describe('what is marked', () => {
  it('keeps each hyphen with the letter behind it', () => {
    expect(code('npx lingpai setup-link --by 1d -x').toString()).toBe(
      '<code>npx lingpai setup<span>-l</span>ink <span>--b</span>y 1d <span>-x</span></code>',
    )
  })

  it('keeps the first slash of a path with the letter behind it', () => {
    expect(code('x --data /srv/a').toString()).toBe('<code>x <span>--d</span>ata <span>/s</span>rv/<wbr>a</code>')
  })

  it('goes on after a slash of an address, never within its scheme', () => {
    expect(code('https://a.cn/sso/token').toString()).toBe('<code>https://a.cn/<wbr>sso/<wbr>token</code>')
  })
})
