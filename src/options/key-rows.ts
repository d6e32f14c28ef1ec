// Rows of the table of options: the keys that the server signs with.

import { DEFAULT_KEYS } from './defaults.ts'
import { signingAlgorithms, span } from './kinds.ts'
import { row } from './row.ts'

const YEAR = 366 * 86_400

export const KEY_ROWS = {
  'keys.algorithms': row({
    kind: signingAlgorithms,
    default: DEFAULT_KEYS.algorithms,
    en: 'Algorithms that the server signs with; each has keys of its own. One that is added signs when clients can know its key: after lifetimes.jwksMaxAge.',
    zh: '服务器可用的签名算法，每种算法有各自的密钥。新增的算法在客户端能够获知其公钥之后（lifetimes.jwksMaxAge）开始签名。',
  }),
  'keys.rotateEvery': row({
    kind: span(0, 10 * YEAR),
    default: DEFAULT_KEYS.rotateEvery,
    en: 'A key signs for this long, then the next one takes over, which has been published for lifetimes.keyPublishAhead. 0: only when asked (lingpai key rotate).',
    zh: '签名密钥的使用时间，之后由提前公布的新密钥接替（见 lifetimes.keyPublishAhead）。0 表示仅在执行 lingpai key rotate 时更换。',
  }),
  'keys.waitForClients': row({
    kind: span(0, YEAR),
    default: DEFAULT_KEYS.waitForClients,
    en: 'A key that is about to sign waits for this long at most while a client that is known to fetch the keys has not fetched it. 0: it does not wait, and lingpai key list warns.',
    zh: '新密钥启用前，若某个曾获取过公钥的客户端尚未获取它，则最多推迟这么久。0 表示不推迟，仅由 lingpai key list 提示。',
  }),
} as const
