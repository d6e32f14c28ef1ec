import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readMultipart, type UploadLimits } from '../../../src/http/request/multipart.ts'
import { formRequest } from '../builders.ts'

const TYPE = 'multipart/form-data; boundary=edge'

function part(disposition: string, content: string, type = ''): string {
  return `--edge\r\nContent-Disposition: form-data; ${disposition}\r\n${type && `Content-Type: ${type}\r\n`}\r\n${content}\r\n`
}

const read = (body: string, limits?: UploadLimits) => readMultipart(formRequest(body, TYPE), limits)
const end = '--edge--\r\n'

describe('an upload', () => {
  it('RFC 7578 §4 gives the file whole and its fields', async () => {
    const csv = '\ufeffusername,name\r\nalice,张三\r\n'
    const upload = await read(
      part('name="csrf"', 'token') + part('name="users"; filename="C:\\folder\\人.csv"', csv, 'text/csv') + end,
    )
    expect(upload.fields.get('csrf')).toBe('token')
    expect(upload.file).toMatchObject({ field: 'users', name: '人.csv', mediaType: 'text/csv' })
    expect(Buffer.from(upload.file?.bytes ?? []).toString()).toBe(csv)
  })

  it('without a chosen file has none', async () => {
    const upload = await read(
      part('name="a"', '1') + part('name="users"; filename=""', '', 'application/octet-stream') + end,
    )
    expect(upload.file).toBeNull()
    expect(upload.fields.get('a')).toBe('1')
  })

  it('with a repeated field says so', async () => {
    const upload = await read(part('name="a"', '1') + part('name="a"', '2') + end)
    expect(upload.fields.get('a')).toBe('1')
    expect(upload.fields.repeated).toEqual(['a'])
  })

  it('of exactly the limits is taken, beyond them refused', async () => {
    const file = (size: number) => part('name="f"; filename="f.csv"', 'x'.repeat(size)) + end
    expect((await read(file(1000), { fileSize: 1000 })).file?.bytes).toHaveLength(1000)
    await expect(read(file(1001), { fileSize: 1000 })).rejects.toMatchObject({ outcome: { rule: 'file_too_large' } })
    const field = (size: number) => part('name="a"', 'x'.repeat(size)) + end
    expect((await read(field(100), { fieldSize: 100 })).fields.get('a')).toHaveLength(100)
    await expect(read(field(101), { fieldSize: 100 })).rejects.toMatchObject({ outcome: { rule: 'field_too_large' } })
    const fields = (count: number) =>
      Array.from({ length: count }, (_, at) => part(`name="a${at}"`, 'x')).join('') + end
    expect((await read(fields(3), { fields: 3 })).fields.names).toHaveLength(3)
    await expect(read(fields(4), { fields: 3 })).rejects.toMatchObject({ outcome: { rule: 'too_many_parts' } })
  })

  it('with two files is refused', async () => {
    const file = part('name="f"; filename="f.csv"', 'x')
    await expect(read(file + file + end)).rejects.toMatchObject({
      error: 'invalid_request',
      outcome: { rule: 'too_many_parts' },
    })
  })

  it.each([
    ['cut off in a file', part('name="f"; filename="f.csv"', 'x')],
    ['cut off in a header', '--edge\r\nContent-Disposition: form-'],
    ['empty', ''],
    ['something else', 'a=b'],
  ])('that is %s is refused, and the process lives on', async (_case, body) => {
    await expect(read(body)).rejects.toMatchObject({ outcome: { rule: 'multipart_malformed' } })
  })

  it.each(['text/plain', 'multipart/form-data', 'application/x-www-form-urlencoded'])(
    'of type %s is refused',
    async (type) => {
      await expect((async () => readMultipart(formRequest('x', type)))()).rejects.toMatchObject({
        error: 'invalid_request',
      })
    },
  )

  it('without a boundary is refused', async () => {
    await expect(readMultipart(formRequest('x', 'multipart/form-data; charset=utf-8'))).rejects.toMatchObject({
      outcome: { rule: 'multipart_malformed' },
    })
  })

  it('of any bytes is read or refused, and soon', async () => {
    const piece = fc.constantFrom(
      '--edge',
      '\r\n',
      '--edge--',
      'Content-Disposition: form-data; name="a"',
      '; filename="b"',
      ':',
      '\r\n\r\n',
      'x',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), async (pieces) => {
        const outcome = await Promise.race([
          read(pieces.join('')).then(
            () => 'read',
            (error: { name: string }) => error.name,
          ),
          new Promise<string>((resolve) => setTimeout(() => resolve('hangs'), 2000)),
        ])
        expect(['read', 'OAuthError']).toContain(outcome)
      }),
      { numRuns: 300 },
    )
  })
})
