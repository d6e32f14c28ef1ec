// Chinese sentences: no blank between two Chinese characters, one between Chinese and Latin ones, whatever a name is written in.

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { chinese } from '../../src/pages/markup/chinese.ts'
import { html } from '../../src/pages/markup/html.ts'
import { frameIn, samples } from './samples.ts'

const CHINESE = '[\\p{Script=Han}，。：；！？、（）“”]'
const BLANK_BETWEEN = new RegExp(`.{0,12}${CHINESE} +${CHINESE}.{0,12}`, 'gu')

describe('a name in a sentence', () => {
  const sentence = (name: string) => chinese`请在 ${html`<strong>${name}</strong>`} 中登录`.toString()
  test.each([
    ['制作云', '请在<strong>制作云</strong>中登录'],
    ['Acme', '请在 <strong>Acme</strong> 中登录'],
    ['星河 A', '请在<strong>星河 A</strong> 中登录'],
    ['A 星河', '请在 <strong>A 星河</strong>中登录'],
    ['《星河》', '请在<strong>《星河》</strong>中登录'],
    ['<b>', '请在 <strong>&lt;b&gt;</strong> 中登录'],
    ['', '请在 <strong></strong> 中登录'],
  ])('%s stands as %s', (name, expected) => {
    expect(sentence(name)).toBe(expected)
  })

  test('keeps its blank beside a number, and other markup as it is', () => {
    expect(chinese`共 ${5} 步，${'见'} ${html`<a href="?a b">第二步</a>`} ${null}`.toString()).toBe(
      '共 5 步，见<a href="?a b">第二步</a>',
    )
  })
})

/** What a person reads, one line for each block. */
function linesOf(page: string): readonly string[] {
  const main = /<main[^>]*>(.*)<\/main>/s.exec(page)?.[1] ?? ''
  return (
    main
      .replaceAll(/<(?:svg|pre|textarea|table|select)\b.*?<\/(?:svg|pre|textarea|table|select)>/gs, '\n')
      // Words beside a finding stand apart from it by design.
      .replaceAll(/ ?<span class="(?:word|tag|hidden|small)[^>]*>/g, '\n')
      .replaceAll(/<\/?(?:span|strong|b|code|a|wbr|i|em)\b[^>]*>/g, '')
      .replaceAll(/<[^>]*>/g, '\n')
      .split('\n')
  )
}

test.each(samples)('$name has no blank between Chinese characters', ({ page }) => {
  const found = linesOf(page(frameIn('zh-CN')).html).flatMap((line) => line.match(BLANK_BETWEEN) ?? [])
  expect(found).toEqual([])
})

test('neither has any text of the pages and of what operators read', () => {
  const folders = ['src/pages', 'src/administration']
  const texts = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      // The name of the recipient is how a contract may write it, and stored in clients.
      .filter((name) => name.endsWith('.ts') && !name.startsWith('presets'))
      .map((name) => ({ name: `${folder}/${name}`, text: readFileSync(`${folder}/${name}`, 'utf8') })),
  )
  expect(texts.length).toBeGreaterThan(100)
  expect(
    texts.flatMap(({ name, text }) => (text.match(BLANK_BETWEEN) ?? []).map((found) => `${name}: ${found}`)),
  ).toEqual([])
})
