// Redirect URIs as tables: what may be registered, what matches, and what the operator is told about a mismatch.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { explainMismatch, matchRedirectUri, redirectUriProblem } from '../../src/protocol/redirect-uri.ts'

const web = (...redirect_uris: string[]) => ({ redirect_uris, application_type: 'web' as const })
const native = (...redirect_uris: string[]) => ({ redirect_uris, application_type: 'native' as const })

const CB = 'https://client.test/app/cb?tenant=1&x=2'

describe('RFC 9700 §4.1.3 a presented URI matches when it is a registered one, character by character', () => {
  test('the registered URI itself matches, with its query', () => {
    expect(matchRedirectUri(web('https://other.test/', CB), CB)).toBe(CB)
    expect(matchRedirectUri(web('https://client.test:443/cb'), 'https://client.test:443/cb')).not.toBeNull()
  })

  test.each([
    ['R04 one more segment', 'https://client.test/app/cb/more?tenant=1&x=2'],
    ['R04 last segment missing', 'https://client.test/app?tenant=1&x=2'],
    ['R04 trailing slash', 'https://client.test/app/cb/?tenant=1&x=2'],
    ['R05 one more parameter', `${CB}&more=1`],
    ['R05 query missing', 'https://client.test/app/cb'],
    ['R05 another value', 'https://client.test/app/cb?tenant=2&x=2'],
    ['R05 another order', 'https://client.test/app/cb?x=2&tenant=1'],
    ['R05 a fragment', `${CB}#`],
    ['R06 path in another letter case', 'https://client.test/App/cb?tenant=1&x=2'],
    ['R06 host in capitals', 'https://CLIENT.test/app/cb?tenant=1&x=2'],
    ['R06 scheme in capitals', 'HTTPS://client.test/app/cb?tenant=1&x=2'],
    ['R08 dot segments', 'https://client.test/app/x/../cb?tenant=1&x=2'],
    ['R08 single dot', 'https://client.test/app/./cb?tenant=1&x=2'],
    ['R08 encoded dot segments', 'https://client.test/app/x/%2e%2e/cb?tenant=1&x=2'],
    ['R08 twice encoded', 'https://client.test/app/x/%252e%252e/cb?tenant=1&x=2'],
    ['R08 semicolon', 'https://client.test/app/cb/..;/x?tenant=1&x=2'],
    ['R08 double slash', 'https://client.test//app/cb?tenant=1&x=2'],
    ['R10 registered host as user name', 'https://client.test@evil.test/app/cb?tenant=1&x=2'],
    ['R10 a user name', 'https://evil.test@client.test/app/cb?tenant=1&x=2'],
    ['R10 two at signs', 'https://a@b@client.test/app/cb?tenant=1&x=2'],
    ['R11 backslash', 'https://client.test\\app\\cb?tenant=1&x=2'],
    ['R11 tab', 'https://client.test/app/\tcb?tenant=1&x=2'],
    ['R11 line feed at the end', `${CB}\n`],
    ['R11 NUL at the end', `${CB}\0`],
    ['R11 leading blank', ` ${CB}`],
    ['R11 trailing blank', `${CB} `],
    ['R11 full-width dot', 'https://client．test/app/cb?tenant=1&x=2'],
    ['R11 full-width slash', 'https://client.test／app/cb?tenant=1&x=2'],
    ['R11 look-alike host', 'https://сlient.test/app/cb?tenant=1&x=2'],
    ['R13 sub-domain', 'https://www.client.test/app/cb?tenant=1&x=2'],
    ['R13 longer domain', 'https://client.test.evil.test/app/cb?tenant=1&x=2'],
    ['R13 longer label', 'https://client.testevil.example/app/cb?tenant=1&x=2'],
    ['R13 a letter for the dot', 'https://clientxtest/app/cb?tenant=1&x=2'],
    ['R14 another port', 'https://client.test:8443/app/cb?tenant=1&x=2'],
    ['R14 the usual port spelt out', 'https://client.test:443/app/cb?tenant=1&x=2'],
    ['R14 http', 'http://client.test/app/cb?tenant=1&x=2'],
    ['nothing', ''],
  ])('%s does not', (_, presented) => {
    expect(matchRedirectUri(web(CB), presented)).toBeNull()
    expect(matchRedirectUri(native(CB), presented)).toBeNull()
  })

  test.each(['javascript:alert(1)', 'JavaScript:alert(1)', ' data:text/html,x', 'java\tscript:alert(1)', 'vbscript:x'])(
    'R18 %j does not, even if a record holds it',
    (uri) => expect(matchRedirectUri(native(uri), uri)).toBeNull(),
  )

  test('is equality of strings for web clients', () => {
    fc.assert(
      fc.property(fc.array(fc.webUrl(), { maxLength: 4 }), fc.webUrl(), fc.boolean(), (registered, other, take) => {
        const presented = take ? (registered[0] ?? other) : other
        expect(matchRedirectUri(web(...registered), presented) !== null).toBe(registered.includes(presented))
      }),
    )
  })

  test('is equality of strings but for the port of a loopback address for native clients', () => {
    const address = fc
      .tuple(
        fc.constantFrom(
          'http://localhost',
          'http://127.0.0.1',
          'http://[::1]',
          'http://127.0.0.2',
          'https://localhost',
        ),
        fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: null }),
        fc.constantFrom('', '/', '/cb', '/cb?x=1', '/CB'),
      )
      .map(([host, port, path]) => ({ host, path, uri: `${host}${port === null ? '' : `:${port}`}${path}` }))
    fc.assert(
      fc.property(address, address, (one, other) => {
        const isLoopback = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])$/.test(one.host)
        const same = one.uri === other.uri || (isLoopback && one.host === other.host && one.path === other.path)
        expect(matchRedirectUri(native(one.uri), other.uri) !== null).toBe(same)
        expect(matchRedirectUri(web(one.uri), other.uri) !== null).toBe(one.uri === other.uri)
      }),
    )
  })
})

describe('RFC 8252 §7.3 a native client returns to its loopback address on any port', () => {
  test.each([
    ['http://127.0.0.1/cb', 'http://127.0.0.1:51004/cb'],
    ['http://127.0.0.1:8000/cb', 'http://127.0.0.1:51004/cb'],
    ['http://127.0.0.1:8000/cb', 'http://127.0.0.1/cb'],
    ['http://localhost:8000', 'http://localhost:9000'],
    ['http://[::1]/cb', 'http://[::1]:1/cb'],
  ])('R15 %s accepts %s', (registered, presented) => {
    expect(matchRedirectUri(native(registered), presented)).toBe(presented)
    expect(matchRedirectUri(web(registered), presented)).toBeNull()
  })

  test.each([
    ['another path', 'http://127.0.0.1:51004/other'],
    ['an added query', 'http://127.0.0.1:51004/cb?x=1'],
    ['localhost for the address', 'http://localhost:51004/cb'],
    ['IPv6 for IPv4', 'http://[::1]:51004/cb'],
    ['a neighbour', 'http://127.0.0.2:51004/cb'],
    ['https', 'https://127.0.0.1:51004/cb'],
    ['port 0', 'http://127.0.0.1:0/cb'],
    ['a port out of range', 'http://127.0.0.1:65536/cb'],
    ['an empty port', 'http://127.0.0.1:/cb'],
    ['a padded port', 'http://127.0.0.1:0080/cb'],
    ['letters for the port', 'http://127.0.0.1:80a/cb'],
    ['R17 a name that begins alike', 'http://127.0.0.1.evil.test/cb'],
    ['R17 the address as user name', 'http://127.0.0.1@evil.test/cb'],
    ['R17 the address and a port as user name and password', 'http://127.0.0.1:80@evil.test/cb'],
    ['a line feed at the end', 'http://127.0.0.1:51004/cb\n'],
  ])('R15 but not %s', (_, presented) => {
    expect(matchRedirectUri(native('http://127.0.0.1/cb'), presented)).toBeNull()
  })

  test.each(['http://localhost.evil.test/', 'http://localhost@evil.test/', 'http://localhost:80@evil.test/'])(
    'R17 nor does localhost stand for %s',
    (presented) => expect(matchRedirectUri(native('http://localhost/'), presented)).toBeNull(),
  )
})

describe('RFC 6749 §3.1.2.2 what may be registered', () => {
  test.each([
    ['https://api.vs.tencent.com/Oauth/Login/Callback', 'web'],
    ['https://client.test', 'web'],
    ['https://client.test:8443/cb?tenant=1', 'web'],
    ['https://client.test:443/cb', 'web'],
    ['https://xn--fiqs8s.test/cb', 'web'],
    ['https://client.test/a%20b/%E4%B8%AD', 'web'],
    ['http://localhost:3000/cb', 'web'],
    ['http://127.0.0.1/cb', 'native'],
    ['http://[::1]:8000/cb', 'native'],
    ['com.example.app:/callback', 'native'],
    ['com.example.app://callback/path?x=1', 'native'],
  ] as const)('%s for %s', (uri, type) => {
    expect(redirectUriProblem(uri, type)).toBeNull()
  })

  const script = 'must not use the scheme'
  test.each([
    ['R10', 'https://client.test@evil.test/cb', 'user name'],
    ['R10', 'https://evil.test@client.test/cb', 'user name'],
    ['R10', 'https://a@b@client.test/cb', 'user name'],
    ['R10', 'com.example.app://user@host/cb', 'user name'],
    ['R11', 'https://client.test\\cb', 'no URI may hold'],
    ['R11', 'https://client.test/\tcb', 'control characters'],
    ['R11', 'https://client.test/cb\r\n', 'control characters'],
    ['R11', 'https://client.test/cb\0', 'control characters'],
    ['R11', ' https://client.test/cb', 'blanks'],
    ['R11', 'https://client．test/cb', 'beyond ASCII'],
    ['R11', 'https://сlient.test/cb', 'beyond ASCII'],
    ['R11', 'https://client.test/%0d%0acb', 'encoded control character'],
    ['R08', 'https://client.test/a/../cb', 'dot segments'],
    ['R08', 'https://client.test/./cb', 'dot segments'],
    ['R08', 'https://client.test/a/%2e%2E/cb', 'dot segments'],
    ['R08', 'https://client.test/a/.%2e', 'dot segments'],
    ['R08', 'https://client.test/a/%252e%252e/cb', 'encoded dot'],
    ['R08', 'https://client.test/a%2f..%2fcb', 'encoded dot'],
    ['R08', 'https://client.test/cb/..;/x', 'semicolon'],
    ['R08', 'https://client.test//cb', 'empty segment'],
    ['R08', 'com.example.app:/a/../cb', 'dot segments'],
    ['R17', 'http://localhost.evil.test/', 'must use https'],
    ['R17', 'http://127.0.0.1.evil.test/', 'must use https'],
    ['R17', 'http://localhost@evil.test/', 'user name'],
    ['R18', 'javascript:alert(1)', script],
    ['R18', 'JavaScript:alert(1)', 'lower case'],
    ['R18', ' javascript:alert(1)', 'blanks'],
    ['R18', 'java\tscript:alert(1)', 'control characters'],
    ['R18', 'data:text/html,x', script],
    ['R18', 'vbscript:x', script],
    ['R18', 'blob:https://client.test/x', script],
    ['R18', 'file:///etc/passwd', script],
    ['D11', 'http://client.test/cb', 'must use https'],
    ['D11', 'http://127.0.0.2/cb', 'must use https'],
    ['§3.1.2', 'https://client.test/cb#', 'fragment'],
    ['§3.1.2', 'https://client.test/cb#state=x', 'fragment'],
    ['§3.1.2', '/cb', 'not an absolute URI'],
    ['§3.1.2', 'client.test/cb', 'not an absolute URI'],
    ['§3.1.2', 'https:client.test/cb', 'must name a host'],
    ['§3.1.2', 'https:///client.test/cb', 'must name a host'],
    ['§3.1.2', '', 'blanks'],
    ['host', 'https://Client.test/cb', 'lower case'],
    ['host', 'http://127.1/cb', 'must write its host as 127.0.0.1'],
    ['host', 'http://0x7f000001/cb', 'must write its host as 127.0.0.1'],
    ['host', 'http://2130706433/cb', 'must write its host as 127.0.0.1'],
    ['host', 'http://[0:0:0:0:0:0:0:1]/cb', 'must write its host as [::1]'],
    ['host', 'https://client%2etest/cb', 'must write its host as client.test'],
    ['host', 'https://client.test:/cb', 'must write its host as client.test'],
    ['host', 'https://client.test:0443/cb', 'must write its host as client.test'],
    ['encoding', 'https://client.test/%zz', 'percent sign'],
    ['encoding', 'https://client.test/100%', 'percent sign'],
    ['length', `https://client.test/${'a'.repeat(2_048)}`, 'longer than'],
    ['§7.1', 'myapp:/cb', 'with a dot'],
    ['§7.1', 'mailto:a@client.test', 'with a dot'],
  ])('%s %j is refused', (_, uri, problem) => {
    expect(redirectUriProblem(uri, 'native')).toContain(problem)
    expect(redirectUriProblem(uri, 'web')).not.toBeNull()
  })

  test('RFC 8252 §7.1 private-use schemes are for native clients', () => {
    expect(redirectUriProblem('com.example.app:/callback', 'web')).toContain('application_type native')
  })

  test.each([
    'code',
    'state',
    'iss',
    'error',
    'error_description',
    'error_uri',
    'id_token',
    'access_token',
    'response',
    '%63ode',
  ])('R21 a query that holds %s already is refused', (name) => {
    expect(redirectUriProblem(`https://client.test/cb?a=1&${name}=x`, 'web')).toContain('the answer adds that name')
    expect(redirectUriProblem(`com.example.app:/cb?${name}`, 'native')).toContain('the answer adds that name')
    expect(redirectUriProblem(`https://client.test/cb?a=1&my${name}=x`, 'web')).toBeNull()
  })

  test('no text makes it fail, and what it accepts stays the same address when it is parsed', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl({ withQueryParameters: true }), fc.webUrl())
    fc.assert(
      fc.property(text, fc.constantFrom('web' as const, 'native' as const), (uri, type) => {
        if (redirectUriProblem(uri, type) !== null) return
        const { host, pathname } = new URL(uri)
        expect(uri.startsWith(`https://${host}`) || uri.startsWith(`http://${host}`) || type === 'native').toBe(true)
        expect(pathname === '/' || uri.includes(pathname)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('what the operator is told about a mismatch', () => {
  const callback = 'https://api.vs.tencent.com/Oauth/Login/Callback'
  test.each([
    ['a slash at the end', [callback], `${callback}/`, 'at character 48: `/` added'],
    ['a missing end', [callback], callback.slice(0, -1), 'at character 47: `k` missing'],
    ['another case', [callback], callback.toLowerCase(), 'at character 28: the letter case differs'],
    ['http', [callback], callback.replace('https', 'http'), 'at character 5: `s` missing'],
    ['another host', ['https://a.test/cb'], 'https://b.test/cb', '`a` is registered, `b` was sent'],
    ['something in the middle', ['https://a.test/cb'], 'https://a.test/x/cb', 'at character 16: `x/` added'],
    ['a line feed', ['https://a.test/cb'], 'https://a.test/cb\n', '`\\n` added'],
  ])('%s', (_, registered, presented, words) => {
    expect(explainMismatch(registered, presented)).toContain(words)
  })

  test('the nearest registered value is the one it speaks of', () => {
    const registered = ['https://one.test/cb', 'https://two.test/callback', 'https://two.test/cb']
    expect(explainMismatch(registered, 'http://two.test/cb')).toContain('registered is "https://two.test/cb"')
  })

  test('RFC 6749 §3.1.2.3 the example of 制作云 with a slash too many', () => {
    const callback = 'https://api.vs.tencent.com/Oauth/Login/Callback'
    expect(explainMismatch([callback], `${callback}/`)).toBe(
      `redirect_uri "${callback}/" differs at character 48: \`/\` added; registered is "${callback}"`,
    )
  })

  test('a client without any says so', () => {
    expect(explainMismatch([], 'https://client.test/')).toBe('the client has no redirect_uri registered')
  })

  test('it stays short and can be printed whatever was sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 5_000 }), (presented) => {
        const words = explainMismatch(['https://client.test/cb'], presented)
        expect(Array.from(words).some((character) => character < ' ')).toBe(false)
        expect(words.length).toBeLessThan(3_000)
      }),
    )
  })
})
