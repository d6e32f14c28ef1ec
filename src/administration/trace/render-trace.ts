// A trace as plain lines for a terminal, in the operator's language. Nothing in it can move the cursor.

import { claimRules } from '../../claims/user-claims.ts'
import type { Client } from '../../model/client/client.ts'
import type { Locale } from '../../pages/index.ts'
import { shellWord } from '../../platform/shell-word.ts'
import { NO_MEDIA_TYPE } from './describe-request.ts'
import { hintOf, isAnswered } from './hints.ts'
import { inert } from './masking.ts'
import { answerInChinese, placesInChinese } from './reasons-zh.ts'
import type { Trace } from './trace-record.ts'

const WORDS = {
  en: {
    trace: 'Trace',
    time: 'Time',
    client: 'Client',
    unknownClient: 'not one of ours',
    request: 'Request',
    from: 'From',
    contentType: 'Content-Type',
    query: 'In the query',
    body: 'In the body',
    repeated: 'Sent twice',
    credentials: 'Credentials',
    answered: 'Answered',
    refused: 'Refused',
    reason: 'Reason',
    observed: 'Seen',
    members: 'Reply holds',
    correct: 'What to do',
    none: 'nothing',
    noType: 'none was sent',
    type: (contentType: string) => contentType,
    unreadable: 'could not be read',
    places: (credentials: string) => credentials,
    answer: (reason: string) => reason,
    unnamed: (count: number) => `${count} more without a proper name`,
    more: (count: string) => `and ${count} more like this in this minute`,
    milliseconds: (elapsed: number) => `${elapsed} ms`,
    absent: (claims: string) =>
      `If the client turns this person away: it may have ${claims} too, but there is no value for this person. Columns of the import and flags of "lingpai user" add them.`,
  },
  'zh-CN': {
    trace: '追踪编号',
    time: '时间',
    client: '应用',
    unknownClient: '不是本服务器登记的应用',
    request: '请求',
    from: '来自',
    contentType: 'Content-Type',
    query: '查询串参数',
    body: '请求体参数',
    repeated: '重复发送',
    credentials: '凭据位置',
    answered: '已答复',
    refused: '已拒绝',
    reason: '原因',
    observed: '观察到',
    members: '答复包含',
    correct: '如何处理',
    none: '无',
    noType: '未发送',
    type: (contentType: string) => (contentType === NO_MEDIA_TYPE ? '不是媒体类型' : contentType),
    unreadable: '无法读取',
    places: placesInChinese,
    answer: answerInChinese,
    unnamed: (count: number) => `另有 ${count} 个名称不合规范`,
    more: (count: string) => `同一分钟内另有 ${count} 次相同的请求`,
    milliseconds: (elapsed: number) => `${elapsed} 毫秒`,
    absent: (claims: string) =>
      `如果应用仍拒绝此人：它还可以得到 ${claims}，但此人没有可提供的值。可在导入列或“lingpai user”的选项中补充。`,
  },
} as const

/** Claims for which applications turn people away when they are missing. */
const WANTED_CLAIMS = ['name', 'email', 'email_verified', 'phone_number', 'phone_number_verified'] as const

/**
 * Claims that scope and rules of the client would have given in this answer of user info, had there been a value; empty for any
 * other request, and where the client is not known any more.
 */
export function absentClaims(
  { rule, members, observed }: Pick<Trace, 'rule' | 'members' | 'observed'>,
  client: Client | null,
): readonly string[] {
  if (rule !== 'user_info_answered' || members === null || client === null) return []
  const { scope = '' } = observed
  const givable = new Set(claimRules(client, String(scope).split(' ')).map(({ name }) => name))
  return WANTED_CLAIMS.filter((claim) => givable.has(claim) && !members.includes(claim))
}

export interface TraceContext {
  /**
   * Changes the advice before it is shown, for example to add flags to commands. It is called with our own text only,
   * never with what visitors sent.
   */
  readonly advised?: (advice: string) => string
  /** That of the trace, as it is now. */
  readonly client?: Client | null
}

/** Lines joined by line ends, without one at the end. */
export function renderTrace(
  trace: Trace,
  locale: Locale,
  { advised = (advice) => advice, client = null }: TraceContext = {},
): string {
  const words = WORDS[locale]
  const { parameters } = trace
  const values = (names: readonly string[]) =>
    names.map((name) => (trace.values[name] === undefined ? name : `${name}=${trace.values[name]}`)).join(', ')
  const sent = (place: 'query' | 'body') => {
    if (parameters.unreadable.includes(place)) return words.unreadable
    return parameters[place].length === 0 ? words.none : values(parameters[place])
  }
  const absent = absentClaims(trace, client)
  const hint = adviceOf(trace, locale)
  const observed = Object.entries(trace.observed).map(([name, value]) => `${name}=${value}`)
  const rows: readonly (readonly [string, string | false])[] = [
    [words.trace, trace.traceId],
    [words.time, timeOf(trace.time)],
    [words.client, clientOf(trace, words.unknownClient)],
    [words.request, `${trace.method} ${trace.endpoint} → ${trace.status}, ${words.milliseconds(trace.elapsed)}`],
    [words.from, [trace.network, trace.userAgent].filter((each) => each !== null && each !== '').join(' · ')],
    [words.contentType, trace.contentType === null ? words.noType : words.type(trace.contentType)],
    [words.query, sent('query')],
    [words.body, sent('body')],
    ['', parameters.unnamed > 0 && words.unnamed(parameters.unnamed)],
    [words.repeated, parameters.repeated.length > 0 && parameters.repeated.join(', ')],
    [words.credentials, words.places(trace.credentials)],
    [isAnswered(trace.rule) ? words.answered : words.refused, `${trace.rule} (${trace.clause})`],
    [words.reason, isAnswered(trace.rule) ? words.answer(trace.reason) : trace.reason],
    [words.observed, observed.length > 0 && observed.join(', ')],
    [words.members, trace.members !== null && trace.members.join(', ')],
    [words.correct, hint !== null && advised(hint)],
    ['', absent.length > 0 && words.absent(absent.join(', '))],
    ['', trace.more > 0 && words.more(trace.more.toLocaleString('en-US'))],
  ]
  const shown = rows.flatMap(([label, text]): [string, string][] => (text === false ? [] : [[label, text]]))
  const width = Math.max(...shown.map(([label]) => widthOf(label))) + 2
  return shown.map(([label, text]) => `${label}${' '.repeat(width - widthOf(label))}${inert(text, 2000)}`).join('\n')
}

/** Its commands name the client. */
function adviceOf({ rule, clientId }: Trace, locale: Locale): string | null {
  const hint = hintOf(rule)?.[locale] ?? null
  return hint === null || clientId === null ? hint : hint.replaceAll('CLIENT_ID', () => shellWord(clientId))
}

function clientOf({ clientId, claimedClient }: Trace, unknown: string): string {
  if (clientId !== null) return clientId
  return claimedClient === null ? '–' : `${claimedClient}: ${unknown}`
}

/** The instant in UTC, to the second. */
function timeOf(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** Chinese characters are two columns wide. */
function widthOf(text: string): number {
  return text.length + (text.match(/\p{Script=Han}/gu)?.length ?? 0)
}
