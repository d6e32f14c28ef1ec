import { expect, test } from 'vitest'
import { instantOfJwt, openingJti } from '../../src/credentials/own-jwt.ts'
import { newId } from '../../src/platform/random.ts'

const jwt = (payload: string) => `eyJhbGciOiJFUzI1NiJ9.${Buffer.from(payload).toString('base64url')}.c2ln`
const jti = newId('at')

test('the identifier and the millisecond of a token of ours are read from its first letters', () => {
  const [before, own, after] = [Date.now() - 1_000, newId('at'), Date.now() + 1_000]
  const token = jwt(JSON.stringify({ jti: own, iss: 'https://id.test', scope: 'read' }))
  expect(openingJti(token)).toBe(own)
  expect(instantOfJwt(token)).toBeGreaterThan(before)
  expect(instantOfJwt(token)).toBeLessThan(after)
  // Whatever comes behind it.
  expect(openingJti(jwt(`{"jti":"${own}"}`))).toBe(own)
})

test.each([
  ['an opaque token', 'A'.repeat(50)],
  ['nothing', ''],
  ['a dot', '.'],
  ['one whose jti comes later', jwt(`{"iss":"https://id.test","jti":"${jti}"}`)],
  ['one whose jti is another kind of text', jwt(`{"jti":"${jti}é"}`)],
  ['one with an escape in it', jwt(String.raw`{"jti":"at_\u0061"}`)],
  ['one whose jti does not end in time', jwt(`{"jti":"at_${'a'.repeat(60)}"}`)],
  ['no JSON', jwt('jti')],
  ['no base64url', `e30.${'*'.repeat(80)}.x`],
])('of %s nothing is', (_, token) => {
  expect([openingJti(token), instantOfJwt(token)]).toEqual([null, null])
})

test('an identifier that tells no instant is one all the same', () => {
  const token = jwt('{"jti":"at_short"}')
  expect([openingJti(token), instantOfJwt(token)]).toEqual(['at_short', null])
})
