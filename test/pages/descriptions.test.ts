// Whatever a refusal tells a client in English, an error page says in Chinese: all that the source can say, and what it shows.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'
import { describe, expect, test } from 'vitest'
import { errorPage } from '../../src/pages/index.ts'
import { descriptionInChinese } from '../../src/pages/words/zh-cn-descriptions.ts'
import { isNode, type Node, nameOf, walk } from '../administration/trace/rules-in-source.ts'
import { frameIn } from './samples.ts'

const source = join(import.meta.dirname, '../../src')

/** Literals that a value may be; in templates a 9 for what varies. What ends in another text is told where that text is. */
function texts(value: unknown): readonly string[] {
  if (!isNode(value)) return []
  if (value.type === 'Literal') return typeof value['value'] === 'string' ? [value['value']] : []
  if (value.type === 'ConditionalExpression') return [...texts(value['consequent']), ...texts(value['alternate'])]
  if (value.type !== 'TemplateLiteral') return []
  const parts = (value['quasis'] as { value: { cooked: string } }[]).map((each) => each.value.cooked)
  const isOpen = parts.at(-1) === '' && /problem|message/.test(JSON.stringify((value['expressions'] as Node[]).at(-1)))
  return isOpen ? [] : [parts.join('9')]
}

/** The places of a file where such a text stands: arguments of calls by their place (-1: the last), members and variables by their name. */
interface Places {
  readonly calls?: Readonly<Record<string, number>>
  readonly names?: readonly string[]
  /** The sentence that they are the end of. */
  readonly begins?: string
}

function textsAt(path: string, { calls = {}, names = [], begins = '' }: Places): readonly string[] {
  const file = join(source, path)
  const { program } = parseSync(file, readFileSync(file, 'utf8'))
  if (!isNode(program)) throw new Error(`${path} cannot be parsed`)
  const isNamed = (key: unknown) => names.includes(nameOf(key) ?? '')
  const found = [...walk(program)].flatMap((node) => {
    if (node.type === 'Property' && isNamed(node['key'])) return texts(node['value'])
    if (node.type === 'VariableDeclarator' && isNamed(node['id'])) return texts(node['init'])
    if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return []
    const place = calls[nameOf(node['callee']) ?? '']
    return place === undefined ? [] : texts((node['arguments'] as unknown[]).at(place))
  })
  return found.map((text) => `${begins}${text}`)
}

const inFolder = (folder: string) =>
  readdirSync(join(source, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file))

const PLAIN: Places = { calls: { invalidRequest: 2 }, names: ['description'] }
/** What is said of a grant or a token, and in JSON at the issuer's own address, is on no page. */
const OF_MACHINES = /^protocol\/(bearer|errors)\.ts$|front-page\.ts$/
const descriptions = new Set([
  ...[...inFolder('sign-in'), ...inFolder('protocol'), ...inFolder('administration/set-up')]
    .filter((file) => !OF_MACHINES.test(file))
    .flatMap((file) => textsAt(file, PLAIN)),
  ...textsAt('sign-in/request/authorization-request.ts', { calls: { untrusted: -1 } }),
  ...textsAt('sign-in/next-step.ts', { calls: { refuse: 1 } }),
  ...textsAt('sign-in/sign-out-request.ts', { calls: { refuse: 2 } }),
  ...textsAt('http/request/form.ts', PLAIN).filter((text) => !text.includes('JSON')),
  ...textsAt('http/request/multipart.ts', { ...PLAIN, calls: { invalidRequest: 2, refuse: 1 } }),
  ...[
    'issuer/request-object/open-request-object.ts',
    'issuer/keys/ring.ts',
    'issuer/keys/client-encryption.ts',
  ].flatMap((file) => textsAt(file, PLAIN)),
  ...textsAt('issuer/tokens/response-signer.ts', PLAIN),
  ...[
    'protocol/request-object.ts',
    'protocol/jwt.ts',
    'protocol/jwe.ts',
    'issuer/keys/decryption-keys.ts',
    'issuer/request-object/open-request-object.ts',
  ].flatMap((file) =>
    textsAt(file, { calls: { wrong: 1, unread: 0 }, names: ['problem'], begins: 'The request object ' }),
  ),
  ...textsAt('issuer/request-object/referenced.ts', { names: ['problem'], begins: 'The request_uri ' }),
  ...textsAt('protocol/claims-request.ts', {
    calls: { malformed: 0, objectOf: 1 },
    begins: 'The parameter claims ',
  }),
  ...['query', 'body'].flatMap((where) =>
    textsAt('protocol/parameters.ts', { calls: { MalformedParameters: 0 }, begins: `The ${where} cannot be read: ` }),
  ),
])

/** Their page says the same in its own sentence already (`SAID_ALREADY`). */
const SAID = new Set([
  'This sign-in is no longer open; please begin again at the application',
  'The form was not sent from its own page',
  'Too many people are signing in',
  'This link has expired or has been replaced by a newer one',
  'This link has been opened before, in another browser or in one that was closed since',
  'The set-up is finished',
  'The browser sent no cookie back',
])

describe('descriptions in Chinese', () => {
  test('the search has found them', () => {
    expect(descriptions.size).toBeGreaterThan(80)
    for (const text of ['redirect_uri is missing', 'The request object has expired', '9 is sent more than once'])
      expect([...descriptions]).toContain(text)
  })

  test.each([...descriptions].filter((text) => !SAID.has(text)))('%s', (text) => {
    expect(descriptionInChinese(text)).toMatch(/\p{Script=Han}{2}/u)
  })

  test('what a stranger has sent is text on the page, in the sentence too', () => {
    const view = {
      status: 400,
      code: 'invalid_request',
      description: '<img/src=x> is sent more than once',
      traceId: 'tr_1',
      advice: 'request_malformed',
    } as const
    const { html } = errorPage(view, frameIn('zh-CN'))
    expect(html).toContain('<dd>&lt;img/src=x&gt; 发送了多次</dd>')
    expect(html).not.toContain('<img')
  })

  test('what varies is taken over, and what is not known is not half translated', () => {
    expect(descriptionInChinese('state is sent more than once')).toBe('state 发送了多次')
    expect(descriptionInChinese('The request object holds the parameter request_uri')).toContain('request_uri')
    expect(descriptionInChinese('The request object is something new')).toBeNull()
    for (const text of ['constructor', '', 'Something new']) expect(descriptionInChinese(text)).toBeNull()
  })
})
