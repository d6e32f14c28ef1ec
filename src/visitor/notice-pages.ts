// The pages of what a server says before any endpoint is asked. In a crowd thousands are held back with theirs, so each
// is made once for a language.

import type { HttpReply } from '../http/message.ts'
import type { NoticePages } from '../http/notice.ts'
import { pageReply } from '../http/reply/page-reply.ts'
import { type Brand, noticePage } from '../pages/index.ts'
import { frameAtClients, type Look } from './frame.ts'

export function createNoticePages(look: Look): NoticePages {
  const made = new WeakMap<Brand, Map<string, HttpReply>>()
  return ({ name, reply }, request) => {
    // What was asked for is not known to be a page: it is not offered in the other language.
    const frame = { ...frameAtClients(look, request), languageHrefs: {} }
    let ofBrand = made.get(frame.brand)
    if (ofBrand === undefined) {
      ofBrand = new Map()
      made.set(frame.brand, ofBrand)
    }
    const key = `${name} ${frame.locale}`
    let page = ofBrand.get(key)
    if (page === undefined) {
      const { 'retry-after': retryAfter } = reply.headers
      const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter }
      page = { ...pageReply(noticePage({ status: reply.status, notice: name }, frame), { headers }), isFixed: true }
      ofBrand.set(key, page)
    }
    return page
  }
}
