// Verifying bcrypt hashes on a thread of their own, started at the first one and never keeping the process alive.

import { Worker } from 'node:worker_threads'
import type { BcryptAnswer, BcryptQuestion } from './bcrypt-thread.ts'

/** bcrypt ignores everything after these bytes, so two passwords that differ only later would both match. */
const BCRYPT_BYTES = 72

export interface Bcrypt {
  verify(password: string, text: string): Promise<boolean>
}

interface Asked {
  readonly answer: (matches: boolean) => void
  readonly fail: (error: Error) => void
}

/** `thread` is the file the thread runs; if it cannot start, bcrypt is computed here, in slices. */
export function createBcrypt(thread: URL = threadFile()): Bcrypt {
  const asked = new Map<number, Asked>()
  let worker: Worker | null = null
  let usable = true
  let lastId = 0

  function start(): Worker {
    const started = new Worker(thread)
    started.on('message', (answer: BcryptAnswer) => {
      const question = asked.get(answer.id)
      asked.delete(answer.id)
      if (asked.size === 0) started.unref()
      if ('error' in answer) question?.fail(new Error(answer.error))
      else question?.answer(answer.matches)
    })
    const ended = (error: Error): void => {
      if (worker !== started) return
      worker = null
      const lost = [...asked.values()]
      asked.clear()
      for (const { fail } of lost) fail(error)
    }
    started.on('error', ended)
    started.on('exit', (code) => ended(new Error(`the bcrypt thread ended with ${code}`)))
    worker = started
    return started
  }

  async function onThread(password: string, text: string): Promise<boolean> {
    const running = worker ?? start()
    const id = ++lastId
    return new Promise((answer, fail) => {
      asked.set(id, { answer, fail })
      running.ref()
      running.postMessage({ id, password, text } satisfies BcryptQuestion, [])
    })
  }

  return {
    async verify(password, text) {
      const fits = Buffer.byteLength(password, 'utf8') <= BCRYPT_BYTES
      if (usable) {
        try {
          return (await onThread(password, text)) && fits
        } catch {
          // A bundle lacks the thread's file, or the machine has no threads: slower, but people can sign in.
          usable = false
        }
      }
      const { compare } = await import('bcryptjs')
      return (await compare(password, text)) && fits
    },
  }
}

/** `.ts` in a checkout, `.js` where the package has been built. */
function threadFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './bcrypt-thread.ts' : './bcrypt-thread.js', import.meta.url)
}
