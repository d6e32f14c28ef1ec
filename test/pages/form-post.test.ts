// The page that carries an answer to the client as a form: the only form of ours that leaves our origin.

import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { formPostPage, LOCALES } from '../../src/pages/index.ts'
import { frameIn } from './samples.ts'

const view = {
  action: 'https://client.example/cb?tenant=1&x=2',
  fields: [
    ['code', 'c0de'],
    ['state', 'line\nline "<>&\''],
    ['submit', 'a field of this name must not stand in for the method'],
  ],
  client: { name: '制作云', policyUrl: 'https://cloud.example.com/policy' },
} as const

describe.each(LOCALES)('the form-post page (%s)', (locale) => {
  const made = formPostPage(view, { ...frameIn(locale), languageHrefs: {} })

  test('is a whole document with one form, one visible button and one classic script, in this order', () => {
    expect(made.html).toContain(`<html lang="${locale}">`)
    for (const once of [/<form /g, /<button /g, /<script>/g, /<h1>/g, /<main /g]) {
      expect(made.html.match(once)).toHaveLength(1)
    }
    const order = ['<form id="form-post" method="post"', '<button ', '</form>', '<script>'].map((text) =>
      made.html.indexOf(text),
    )
    expect(order).toEqual([...order].sort((a, b) => a - b))
    expect(made.html).not.toMatch(/<noscript|type="module"| hidden[ >]| disabled| (style|on[a-z]+)="/)
  })

  test('posts to the very address, escaped, with every field and no anti-forgery value of ours', () => {
    expect(made.html).toContain('action="https://client.example/cb?tenant=1&amp;x=2"')
    const names = [...made.html.matchAll(/<input type="hidden" name="([^"]*)"/g)].map(([, name]) => name)
    expect(names).toEqual(['code', 'state', 'submit'])
    expect(made.html).toContain('value="line\nline &quot;&lt;&gt;&amp;&#39;"')
  })

  test('its policy allows exactly its script, and nothing is loaded from anywhere', () => {
    const [, script = ''] = /<script>([^<]*)<\/script>/.exec(made.html) ?? []
    expect(made.scriptHashes).toEqual([`'sha256-${createHash('sha256').update(script).digest('base64')}'`])
    expect(script).not.toMatch(/=>|`|\b(let|const|class|async)\b/)
    expect(made.html).not.toMatch(/\b(src|srcset)=|<iframe|<base|http-equiv/)
    expect(made.connectSource).toBe("'none'")
  })
})

test.each(['com.example.app:/cb', 'javascript:alert(1)', 'data:text/html,x', '//evil.example'])(
  '%s is no address to post to',
  (action) => {
    expect(() => formPostPage({ ...view, action }, frameIn('en'))).toThrow(TypeError)
  },
)
