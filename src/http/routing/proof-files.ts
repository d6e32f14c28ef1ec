// Files by which WeChat and WeCom check that a domain is ours: small, at the root, from one folder of the operator's.

import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { HttpReply, HttpRequest } from '../message.ts'
import { text } from '../reply/replies.ts'

// The name cannot hold a separator, so it cannot leave the folder.
const PROOF_FILE = /^\/((?:MP|WW)_verify_[A-Za-z0-9]{1,64}\.txt)$/
const LARGEST = 64 * 1024

/** The router's fallback: null for every path that is no proof file, or one that is not there. Read at each request. */
export function createProofFiles(folder: string): (request: HttpRequest) => Promise<HttpReply | null> {
  return async (request) => {
    const name = PROOF_FILE.exec(request.path)?.[1]
    if (name === undefined) return null
    const content = await readSmallFile(join(folder, name))
    return content === null ? null : { ...text(200, ''), body: content }
  }
}

async function readSmallFile(path: string): Promise<Uint8Array | null> {
  let file: Awaited<ReturnType<typeof open>>
  try {
    // Without O_NONBLOCK a pipe of that name would hold the request for ever.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    return null
  }
  try {
    const facts = await file.stat()
    if (!facts.isFile() || facts.size > LARGEST) return null
    const buffer = Buffer.alloc(LARGEST)
    const { bytesRead } = await file.read(buffer, 0, LARGEST, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}
