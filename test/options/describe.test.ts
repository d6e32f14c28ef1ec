import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  brandFrom,
  DEFAULT_LIFETIMES,
  DEFAULT_LIMITS,
  defaultIssuer,
  describeOptions,
  type Lifetimes,
  type Limits,
  loadOptions,
  originsOf,
  showOptions,
} from '../../src/options/index.ts'
import { type Brand, brandOf, DEFAULT_BRAND, LOCALES } from '../../src/pages/index.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lingpai-describe-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const load = (flags = {}) => loadOptions({ env: {}, folder, flags })

describe('the table of options', () => {
  it('gives every option one flag, one variable and one key of its own, and words in both languages', () => {
    const rows = describeOptions()
    expect(rows.length).toBeGreaterThan(40)
    for (const names of [
      rows.map(({ key }) => key),
      rows.map(({ environment }) => environment),
      rows.flatMap(({ flag }) => flag ?? []),
      rows.map(({ name }) => name),
    ]) {
      expect(new Set(names).size).toBe(names.length)
    }
    for (const { key, environment, en, zh, describes } of rows) {
      expect(environment, key).toMatch(/^LINGPAI_[A-Z]+(_[A-Z]+)*$/)
      expect(en, key).toMatch(/^[A-Z].*\.$/)
      expect(zh, key).toMatch(/\p{Script=Han}.*。$/u)
      expect(describes, key).not.toBe('')
    }
  })

  it('names an option alike everywhere', () => {
    expect(describeOptions().find(({ key }) => key === 'brand.productName')).toMatchObject({
      name: 'brandProductName',
      flag: '--brand-product-name',
      flagSyntax: '--brand-product-name <text>',
      environment: 'LINGPAI_BRAND_PRODUCT_NAME',
    })
    expect(describeOptions().find(({ key }) => key === 'acceptNewIssuer')?.flagSyntax).toBe('--accept-new-issuer')
  })

  it('lets nobody give the master key as a flag', () => {
    const secret = describeOptions().filter(({ key }) => key.startsWith('masterKey'))
    expect(secret.map(({ flag }) => flag)).toEqual([null, null])
  })

  it('begins from the defaults that the library has', async () => {
    const { options } = await load()
    const lifetimes: Lifetimes = options.lifetimes
    const limits: Limits = options.limits
    expect(lifetimes).toEqual(DEFAULT_LIFETIMES)
    expect(limits).toEqual(DEFAULT_LIMITS)
    const brand: Partial<Brand> = brandFrom(options.brand)
    expect(brandOf(brand, null)).toEqual(DEFAULT_BRAND)
    expect(describeOptions().find(({ key }) => key === 'defaultLocale')?.describes).toBe(
      `one of ${LOCALES.map((locale) => `\`${locale}\``).join(', ')}`,
    )
  })

  it('shows every effective value with its place', async () => {
    const shown = showOptions(await load({ port: '4100', lifetimesRefreshIdle: '60d' }))
    const at = (key: string) => shown.find((row) => row.key === key)
    expect(at('port')).toEqual({ key: 'port', text: '4100', value: 4100, source: '--port' })
    expect(at('lifetimes.refreshIdle')).toMatchObject({ text: '60d', value: 5_184_000 })
    expect(at('host')).toMatchObject({ text: '127.0.0.1', source: 'default' })
    expect(at('database')?.text).toBe('SQLite in the data folder')
  })
})

describe('addresses', () => {
  it('a server without an issuer is reached on this machine', () => {
    expect(defaultIssuer(4000, false)).toBe('http://localhost:4000')
    expect(defaultIssuer(443, true)).toBe('https://localhost')
  })

  it("alternative hosts take the issuer's scheme, and origins keep theirs", () => {
    expect(originsOf(['sso.internal:8443', 'http://plain.internal'], 'https://sso.example.com')).toEqual([
      'https://sso.internal:8443',
      'http://plain.internal',
    ])
  })
})

describe('the brand', () => {
  const brandOf = async (flags: object) => brandFrom((await load(flags)).options.brand)
  const file = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content)

  it('carries an image as part of the page, told by its content', async () => {
    file('logo.png', Buffer.from('89504e470d0a1a0a0000', 'hex'))
    file('logo.svg', '\uFEFF<?xml version="1.0"?>\n<!-- logo -->\n<svg xmlns="http://www.w3.org/2000/svg"/>')
    expect((await brandOf({ brandLogo: 'logo.png' })).logo).toBe('data:image/png;base64,iVBORw0KGgoAAA==')
    expect((await brandOf({ brandLogo: 'logo.svg' })).logo).toMatch(/^data:image\/svg\+xml;base64,/)
  })

  it('refuses a logo that is absent, no image, or too large', async () => {
    file('page.svg', '<html><svg></svg></html>')
    file('large.png', Buffer.from('89504e470d0a1a0a', 'hex'))
    truncateSync(join(folder, 'large.png'), 64 * 1024 + 1)
    await expect(brandOf({ brandLogo: 'absent.png' })).rejects.toThrow(/cannot be read: ENOENT/)
    await expect(brandOf({ brandLogo: 'page.svg' })).rejects.toThrow(/is no SVG/)
    await expect(brandOf({ brandLogo: 'large.png' })).rejects.toThrow(/at most 65536/)
    await expect(brandOf({ brandLogo: '.' })).rejects.toThrow(/is not a file/)
  })

  it('takes the record code from the text of the filing, unless it is given', async () => {
    const text = '京公网安备 11010802012345号'
    expect((await brandOf({ brandGongan: text })).gongan).toEqual({ text, recordCode: '11010802012345' })
    expect((await brandOf({ brandGongan: text, brandGonganCode: '7' })).gongan).toEqual({ text, recordCode: '7' })
  })
})
