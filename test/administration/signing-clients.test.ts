// Clients that sign: which settings go together, and what becomes of secrets when the method changes.

import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addClient, getClient, rotateClientSecret, updateClient } from '../../src/administration/clients.ts'
import { digestClientSecret, unsealClientSecret } from '../../src/credentials/client-secret.ts'
import type { ClientRecord } from '../../src/model/client/client.ts'
import { type ClientKey, newClientKey } from '../support/assertions.ts'
import { type Installation, openInstallation, refusal } from './installation.ts'

let house: Installation
let key: ClientKey
let rsa: ClientKey
beforeAll(async () => {
  ;[key, rsa] = await Promise.all([newClientKey(), newClientKey('PS256')])
})
beforeEach(async () => {
  house = await openInstallation()
})
afterEach(() => house.close())

const CLIENT = { preset: 'openid-connect', name: 'Signer', redirectUris: ['https://app.example.com/callback'] }
const METHOD = 'token_endpoint_auth_method'
const jwks = (...keys: readonly ClientKey[]) => `jwks=${JSON.stringify({ keys: keys.map((each) => each.publicJwk) })}`
const add = (...assignments: string[]) => addClient(house, { ...CLIENT, assignments })
const signer = () => add(`${METHOD}=private_key_jwt`, jwks(key))
const digestOf = (secret: string | null) => new Uint8Array(digestClientSecret(house.master, secret ?? ''))
const opened = ({ client, sealedSecret }: ClientRecord) =>
  sealedSecret === null ? null : unsealClientSecret(house.master, client.client_id, sealedSecret)

describe('private_key_jwt', () => {
  test('a client that signs with a key of its own has no secret', async () => {
    const { record, secret } = await signer()
    expect(secret).toBeNull()
    expect(record).toMatchObject({ secretHash: null, sealedSecret: null })
    expect(record.client).toMatchObject({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [key.publicJwk] },
    })
    const { client_id } = record.client
    expect((await refusal(rotateClientSecret(house, client_id))).code).toBe('no_client_secret')
    const clientSecret = 'test17241d76d75b374f9a2843cfe871'
    const request = { ...CLIENT, clientSecret, assignments: [`${METHOD}=private_key_jwt`, jwks(key)] }
    expect((await refusal(addClient(house, request))).code).toBe('no_client_secret')
  })

  test('only the public members of its keys are kept', async () => {
    const dressed = { ...key.publicJwk, x5c: ['AAAA'], 'urn:x': { deep: true } }
    const { record } = await add(`${METHOD}=private_key_jwt`, `jwks=${JSON.stringify({ keys: [dressed] })}`)
    expect(record.client.jwks?.keys).toEqual([key.publicJwk])
  })

  test('keys come from jwks or from jwks_uri: exactly one of them', async () => {
    const uri = 'jwks_uri=https://app.example.com/jwks'
    const none = await refusal(add(`${METHOD}=private_key_jwt`))
    expect(none.message).toBe('jwks or jwks_uri is required for private_key_jwt')
    const both = await refusal(add(`${METHOD}=private_key_jwt`, jwks(key), uri))
    expect(both.message).toBe('jwks and jwks_uri must not both be set')
    expect((await add(`${METHOD}=private_key_jwt`, uri)).record.client.jwks_uri).toBe('https://app.example.com/jwks')
    // A client may give its keys for other uses.
    expect((await add(uri)).secret).not.toBeNull()
  })

  test.each([
    'jwks_uri=ftp://app.example.com/jwks',
    'jwks_uri=https://user:pw@app.example.com/jwks',
    'jwks_uri=https://app.example.com/jwks#x',
    'jwks_uri=jwks',
    'jwks={"keys":"none"}',
    'jwks=[]',
    'jwks={"keys":[{"kty":"EC"}]}',
  ])('%s is refused', async (assignment) => {
    const refused = await refusal(add(`${METHOD}=private_key_jwt`, assignment))
    expect(refused.code).toBe('invalid_setting')
    expect(refused.message).toMatch(/^jwks(_uri)? (must|holds)/)
    expect((await signer()).record.enabled).toBe(true)
  })

  test('a private key is refused, and not repeated', async () => {
    const secret = 'plainly-a-fake-private-value'
    const refused = await refusal(add(`${METHOD}=private_key_jwt`, `jwks={"keys":[{"kty":"EC","d":"${secret}"}]}`))
    expect(refused.message).toContain('private')
    expect(refused.message).not.toContain(secret)
  })

  test('the algorithm must fit the method and the keys', async () => {
    const under = (method: string, algorithm: string, ...more: string[]) =>
      add(`${METHOD}=${method}`, `token_endpoint_auth_signing_alg=${algorithm}`, ...more)
    for (const wrong of [
      under('private_key_jwt', 'HS256', jwks(key)),
      under('private_key_jwt', 'ES384', jwks(key)),
      under('private_key_jwt', 'RS256', jwks(key)),
      under('private_key_jwt', 'none', jwks(key)),
      under('client_secret_jwt', 'ES256'),
      under('client_secret_basic', 'HS256'),
    ]) {
      expect((await refusal(wrong)).code).toBe('invalid_setting')
    }
    expect((await under('private_key_jwt', 'ES256', jwks(key))).record.enabled).toBe(true)
    expect((await under('private_key_jwt', 'RS256', jwks(rsa))).record.enabled).toBe(true)
    expect((await under('client_secret_jwt', 'HS256')).record.enabled).toBe(true)
  })
})

describe('client_secret_jwt', () => {
  test('keeps its secret sealed, beside the digest', async () => {
    const { record, secret } = await add(`${METHOD}=client_secret_jwt`)
    expect(opened(record)).toBe(secret)
    expect(record.secretHash).toEqual(digestOf(secret))
    expect(Buffer.from(record.sealedSecret ?? []).includes(secret ?? '?')).toBe(false)
    const rotated = await rotateClientSecret(house, record.client.client_id)
    expect(opened(rotated.record)).toBe(rotated.secret)
    expect(rotated.secret).not.toBe(secret)
  })

  test('RFC 7518 §3.2 takes no short secret, whatever is declared', async () => {
    const request = { ...CLIENT, assignments: [`${METHOD}=client_secret_jwt`], acceptWeakSecret: true }
    expect((await refusal(addClient(house, { ...request, clientSecret: 'short' }))).code).toBe('weak_secret')
    const clientSecret = 'test17241d76d75b374f9a2843cfe871'
    expect(opened((await addClient(house, { ...request, clientSecret })).record)).toBe(clientSecret)
  })
})

describe('another method', () => {
  test('gives a new secret where the former cannot be used, and takes away what is not needed', async () => {
    const { record, secret } = await add()
    const { client_id } = record.client
    const change = (...assignments: string[]) => updateClient(house, client_id, { assignments })

    const signing = await change(`${METHOD}=client_secret_jwt`)
    expect(signing.secret).not.toBe(secret)
    expect(opened(signing.record)).toBe(signing.secret)

    const posting = await change(`${METHOD}=client_secret_post`)
    expect([posting.secret, posting.record.sealedSecret]).toEqual([null, null])
    expect(posting.record.secretHash).toEqual(digestOf(signing.secret))

    const keyed = await change(`${METHOD}=private_key_jwt`, jwks(key))
    expect([keyed.secret, keyed.record.secretHash, keyed.record.sealedSecret]).toEqual([null, null, null])

    const back = await change(`${METHOD}=client_secret_basic`, 'jwks=null')
    expect(back.secret).toMatch(/^[A-Za-z0-9]{43}$/)
    expect(back.record.client.jwks).toBeNull()

    const renamed = await change('client_name=Another')
    expect(renamed.secret).toBeNull()
    expect(renamed.record.secretHash).toEqual(digestOf(back.secret))
    expect((await getClient(house.store, client_id)).client.client_name).toBe('Another')
  })
})

describe('a secret that something else is signed or encrypted with', () => {
  test.each([
    'id_token_signed_response_alg=HS256',
    'userinfo_signed_response_alg=HS256',
    'request_object_signing_alg=HS256',
    'id_token_encrypted_response_alg=A256KW',
    'userinfo_encrypted_response_alg=dir',
    'request_object_encryption_alg=A128KW',
  ])('is made anew and kept sealed while %s is set, and only its digest afterwards', async (assignment) => {
    const { record } = await add()
    const { client_id } = record.client
    expect(record.sealedSecret).toBeNull()
    const changed = await updateClient(house, client_id, { assignments: [assignment] })
    expect(changed.secret).toMatch(/^[A-Za-z0-9]{43}$/)
    expect(opened(changed.record)).toBe(changed.secret)
    expect(changed.record.secretHash).toEqual(digestOf(changed.secret))
    const setting = assignment.split('=', 1)[0] ?? ''
    const back = setting === 'id_token_signed_response_alg' ? `${setting}=RS256` : `${setting}=null`
    const alone = [
      back,
      ...(setting.endsWith('_alg') && /encrypt/.test(setting) ? [`${setting.slice(0, -3)}enc=null`] : []),
    ]
    const restored = await updateClient(house, client_id, { assignments: alone })
    expect(restored.secret).toBeNull()
    expect(restored.record.sealedSecret).toBeNull()
    expect(restored.record.secretHash).toEqual(digestOf(changed.secret))
  })
})
