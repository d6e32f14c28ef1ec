// Rows of the table of options: how much of everything there may be.

import { DEFAULT_LIMITS } from './defaults.ts'
import { bytes, span, wholeNumber } from './kinds.ts'
import { row } from './row.ts'

const { guessing, interactions } = DEFAULT_LIMITS
const count = wholeNumber(1, 1_000_000)

export const LIMIT_ROWS = {
  'limits.guessing.knownBrowserFailures': row({
    kind: count,
    default: guessing.knownBrowserFailures,
    en: "A known browser's own failed sign-ins before it counts as a stranger.",
    zh: '已知浏览器自身登录失败多少次后视为陌生浏览器。',
  }),
  'limits.guessing.networkFailures': row({
    kind: count,
    default: guessing.networkFailures,
    en: 'Failures of strangers, per user and network, before waiting begins (1, 2, 4 … seconds).',
    zh: '陌生浏览器对同一用户、同一网段失败多少次后开始等待（1、2、4…秒）。',
  }),
  'limits.guessing.longestWait': row({
    kind: span(1, 3_600),
    default: guessing.longestWait,
    en: 'Longest wait between two attempts of strangers.',
    zh: '陌生浏览器两次尝试之间的最长等待时间。',
  }),
  'limits.guessing.userFailures': row({
    kind: count,
    default: guessing.userFailures,
    en: 'Failures of all strangers for one user in an hour before one attempt a minute is left.',
    zh: '所有陌生浏览器一小时内对同一用户失败多少次后，每分钟只允许一次尝试。',
  }),
  'limits.guessing.addressFailures': row({
    kind: count,
    default: guessing.addressFailures,
    en: 'Failures from one address in ten minutes before its browsers that have failed are refused.',
    zh: '同一地址十分钟内失败多少次后，拒绝其中失败过的浏览器。',
  }),
  'limits.interactions.perBrowser': row({
    kind: count,
    default: interactions.perBrowser,
    en: 'Sign-ins that one browser may have open.',
    zh: '一个浏览器可同时进行的登录数。',
  }),
  'limits.interactions.perAddress': row({
    kind: count,
    default: interactions.perAddress,
    en: 'Sign-ins that one address (IPv6: /48) may have open.',
    zh: '一个地址（IPv6 为 /48）可同时进行的登录数。',
  }),
  'limits.interactions.totalBytes': row({
    kind: bytes(256 * 1024, 64 * 1024 ** 3),
    default: interactions.totalBytes,
    defaultText: '256MiB',
    en: 'Size of all open sign-ins together.',
    zh: '所有进行中的登录合计占用的空间。',
  }),
} as const
