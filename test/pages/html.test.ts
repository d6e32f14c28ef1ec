// The tag that all markup is made with.

import { assert, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Content, html, imageSource, onwardHref, webHref } from '../../src/pages/markup/html.ts'

describe('html', () => {
  test('text and attribute values are escaped, markup is not', () => {
    const inner = html`<b>${'<&>"\'`'}</b>`
    expect(html`<p title="${'"x'}">${inner}</p>`.toString()).toBe(
      '<p title="&quot;x"><b>&lt;&amp;&gt;&quot;&#39;&#96;</b></p>',
    )
  })

  test('arrays are joined, nothing is nothing, zero is zero', () => {
    expect(html`${['a', html`<i></i>`, [1, '<']]}|${null}${undefined}${false}|${0}${''}`.toString()).toBe(
      'a<i></i>1&lt;||0',
    )
  })

  test('an object that only looks like markup is not taken for it', () => {
    const forged: unknown = { toString: () => '<script>' }
    expect(() => html`${forged as Content}`.toString()).toThrow()
  })

  test('no text whatever leaves a character that could open a tag or close an attribute', () => {
    assert(
      property(string({ unit: 'binary' }), (text) => {
        expect(html`${text}`.toString()).not.toMatch(/[<>"'`\0]|&(?!amp;|lt;|gt;|quot;|#39;|#96;)/)
      }),
    )
  })

  test('a lone surrogate becomes the replacement character', () => {
    expect(html`${'a\ud800b'}`.toString()).toBe('a\ufffdb')
  })
})

describe('addresses', () => {
  test.each(['https://client.example/a?b=c', 'HTTP://client.example', '/sso/authorize?x=1'])(
    '%s may be a link',
    (url) => {
      expect(webHref(url)).toBe(url)
      expect(onwardHref(url)).toBe(url)
    },
  )

  test.each([
    'javascript:alert(1)',
    'data:text/html,x',
    ' javascript:alert(1)',
    '//other.example',
    '/\\other.example',
    'vbscript:x',
  ])('%s may not', (url) => {
    expect(webHref(url)).toBeNull()
    expect(onwardHref(url)).toBeNull()
  })

  test('a private scheme of a native app may be gone to after sign-out only', () => {
    expect(onwardHref('com.example.app:/signed-out')).toBe('com.example.app:/signed-out')
    expect(webHref('com.example.app:/signed-out')).toBeNull()
  })

  test('a picture is ours or inside the page, never from another host', () => {
    expect(imageSource('/brand/logo.svg')).toBe('/brand/logo.svg')
    expect(imageSource('data:image/png;base64,AA==')).toBe('data:image/png;base64,AA==')
    expect(imageSource('https://cdn.example/logo.png')).toBeNull()
    expect(imageSource('//cdn.example/logo.png')).toBeNull()
    expect(imageSource('data:text/html,<script>')).toBeNull()
  })
})
