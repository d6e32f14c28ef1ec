// The pages of what a server says before any endpoint is asked, which a crowd of thousands gets.

import { expect, it } from 'vitest'
import { STARTING } from '../../src/http/notice.ts'
import { brandNow } from '../../src/pages/index.ts'
import { createNoticePages } from '../../src/visitor/notice-pages.ts'
import { startServer } from '../support/server.ts'

it('each is made once for a language, and anew when the company has another name', async () => {
  const started = await startServer()
  try {
    const { parts } = started.server
    const pages = createNoticePages(parts)
    const request = { method: 'GET', path: '/', query: '', headers: {} } as Parameters<typeof pages>[1]
    const first = pages(STARTING, request)
    expect(pages(STARTING, request)).toBe(first)
    await parts.operatorName?.keep('Morning Star Films')
    const renamed = pages(STARTING, request)
    expect(renamed).not.toBe(first)
    expect(pages(STARTING, request)).toBe(renamed)
    expect(String(renamed.body)).toContain('Morning Star Films')
  } finally {
    await started.close()
  }
})

it('a brand is one value until the name of the operator changes', () => {
  let name: string | null = null
  const brand = brandNow({}, () => name)
  expect(brand()).toBe(brand())
  name = 'Morning Star Films'
  expect(brand().productName).toBe('Morning Star Films')
  expect(brand()).toBe(brand())
})
