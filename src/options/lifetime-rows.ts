// Rows of the table of options: how long everything lasts.

import { LONGEST_ACCESS_TOKEN } from '../model/grant.ts'
import { DEFAULT_LIFETIMES } from './defaults.ts'
import { span } from './kinds.ts'
import { row } from './row.ts'

const MINUTE = 60
const DAY = 86_400
const YEAR = 366 * DAY

function lifetime(name: keyof typeof DEFAULT_LIFETIMES, least: number, most: number, en: string, zh: string) {
  return row({ kind: span(least, most), default: DEFAULT_LIFETIMES[name], en, zh })
}

export const LIFETIME_ROWS = {
  'lifetimes.code': lifetime('code', 5, 10 * MINUTE, 'Authorization codes.', '授权码的有效期。'),
  'lifetimes.accessToken': lifetime(
    'accessToken',
    MINUTE,
    LONGEST_ACCESS_TOKEN,
    'Access tokens.',
    '访问令牌的有效期。',
  ),
  'lifetimes.idToken': lifetime('idToken', MINUTE, DAY, 'ID tokens.', 'ID 令牌的有效期。'),
  'lifetimes.refreshIdle': lifetime(
    'refreshIdle',
    MINUTE,
    2 * YEAR,
    'A refresh token that is not used for this long ends.',
    '刷新令牌在此时间内未使用即失效。',
  ),
  'lifetimes.refreshAbsolute': lifetime(
    'refreshAbsolute',
    MINUTE,
    5 * YEAR,
    'All refresh tokens of a sign-in end this long after it.',
    '一次登录所得的刷新令牌在此时间后全部失效。',
  ),
  'lifetimes.refreshRepeat': lifetime(
    'refreshRepeat',
    0,
    5 * MINUTE,
    'A refresh request that is repeated within this time gets the same answer.',
    '在此时间内重复的刷新请求得到相同的结果。',
  ),
  'lifetimes.sessionIdle': lifetime(
    'sessionIdle',
    MINUTE,
    YEAR,
    'A sign-in that is not used for this long ends.',
    '登录状态在此时间内未使用即失效。',
  ),
  'lifetimes.sessionAbsolute': lifetime(
    'sessionAbsolute',
    MINUTE,
    YEAR,
    'A sign-in ends after this time, however much it is used.',
    '登录状态的最长有效期。',
  ),
  'lifetimes.pushedRequest': lifetime(
    'pushedRequest',
    5,
    10 * MINUTE,
    'From the moment when a client has pushed its request until the browser comes with the reference.',
    '从客户端推送授权请求到浏览器携带其引用到达的最长时间。',
  ),
  'lifetimes.deviceCode': lifetime(
    'deviceCode',
    MINUTE,
    30 * MINUTE,
    'For so long a device without a browser may wait for somebody to answer, and then fetch its tokens.',
    '没有浏览器的设备等待用户作答并随后取得令牌的时间。',
  ),
  'lifetimes.interaction': lifetime(
    'interaction',
    MINUTE,
    DAY,
    'From the authorization request until the person has signed in and decided.',
    '从授权请求到用户完成登录与授权的最长时间。',
  ),
  'lifetimes.jwksMaxAge': lifetime(
    'jwksMaxAge',
    0,
    DAY,
    'How long clients may cache the signing keys.',
    '客户端缓存签名公钥的时间。',
  ),
  'lifetimes.keyPublishAhead': lifetime(
    'keyPublishAhead',
    0,
    30 * DAY,
    'A signing key is published this long before it signs.',
    '签名密钥在启用前提前公布的时间。',
  ),
  'lifetimes.events': lifetime('events', DAY, 10 * YEAR, 'Security events are kept this long.', '安全事件的保留时间。'),
} as const
