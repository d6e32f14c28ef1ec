// An uploaded file with the fields beside it, from multipart/form-data: within limits, whole or refused.

import { Busboy, type BusboyInstance } from '@fastify/busboy'
import { invalidRequest } from '../../protocol/errors.ts'
import { Parameters } from '../../protocol/parameters.ts'
import type { HttpRequest } from '../message.ts'

export interface Upload {
  readonly fields: Parameters
  /** Null when none was chosen. */
  readonly file: UploadedFile | null
}

export interface UploadedFile {
  /** The form's name of it. */
  readonly field: string
  /** As the browser says, without folders; empty when it says none. */
  readonly name: string
  readonly mediaType: string
  readonly bytes: Uint8Array
}

export interface UploadLimits {
  /** Bytes. Default 8 MiB. */
  readonly fileSize?: number
  /** Default 20. */
  readonly fields?: number
  /** Bytes a field. Default 8 KiB. */
  readonly fieldSize?: number
}

const CLAUSE = 'RFC 7578 §4'

/** Throws `invalid_request` for what is broken, too large, or more than one file. */
export function readMultipart(request: HttpRequest, limits: UploadLimits = {}): Promise<Upload> {
  const { fileSize = 8 * 1024 * 1024, fields = 20, fieldSize = 8 * 1024 } = limits
  const contentType = request.headers['content-type'] ?? ''
  if (!/^multipart\/form-data\s*;/i.test(contentType)) {
    throw invalidRequest('content_type_unsupported', CLAUSE, 'The Content-Type must be multipart/form-data')
  }
  return new Promise((resolve, reject) => {
    const refuse = (rule: string, description: string) => reject(invalidRequest(rule, CLAUSE, description))
    const values = new Map<string, string>()
    const repeated = new Map<string, readonly string[]>()
    let file: UploadedFile | null = null

    const parser = startParser(contentType, { fileSize, fields, fieldSize })
    if (parser === null) {
      refuse('multipart_malformed', 'The multipart body cannot be read')
      return
    }
    parser.on('field', (name, value, _nameTruncated, valueTruncated) => {
      if (valueTruncated) refuse('field_too_large', `A field is larger than ${fieldSize} bytes`)
      else if (values.has(name)) repeated.set(name, [...(repeated.get(name) ?? []), value])
      else values.set(name, value)
    })
    parser.on('file', (field, stream, name, _encoding, mediaType) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('limit', () => refuse('file_too_large', `The file is larger than ${fileSize} bytes`))
      stream.on('error', () => refuse('multipart_malformed', 'The multipart body cannot be read'))
      stream.on('end', () => {
        const bytes = Buffer.concat(chunks)
        // A browser sends an empty, nameless part when no file was chosen.
        if ((name ?? '') !== '' || bytes.length > 0) file = { field, name: name ?? '', mediaType, bytes }
      })
    })
    parser.on('filesLimit', () => refuse('too_many_parts', 'Only one file can be sent'))
    parser.on('fieldsLimit', () => refuse('too_many_parts', `More than ${fields} fields`))
    parser.on('partsLimit', () => refuse('too_many_parts', 'Too many parts'))
    parser.on('error', () => refuse('multipart_malformed', 'The multipart body cannot be read'))
    parser.on('finish', () => resolve({ fields: new Parameters(values, repeated), file }))
    parser.end(request.body)
  })
}

function startParser(contentType: string, limits: Required<UploadLimits>): BusboyInstance | null {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { ...limits, files: 1, parts: limits.fields + 2, headerPairs: 20, headerSize: 4096 },
    })
  } catch {
    // Its constructor throws for a missing boundary.
    return null
  }
}
