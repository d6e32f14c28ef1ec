// What is typed at a terminal without being shown: a secret that is to hold is asked for twice.

import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { readNewSecret, readSecret } from '../../src/cli/secret-input.ts'

let shown = ''
beforeEach(() => {
  shown = ''
  vi.stubEnv('LINGPAI_LANGUAGE', 'en')
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    shown += String(text)
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

/** A terminal at which these keys are pressed, in one piece or one by one. */
function terminal(keys: string, { inPieces = false } = {}) {
  const modes: boolean[] = []
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (on: boolean) => modes.push(on),
  })
  for (const piece of inPieces ? Array.from(keys) : [keys]) input.write(piece)
  return { input, modes }
}

const SECRET = 'obviously fake 密码'

describe('a secret that is to hold from now on', () => {
  it.each([false, true])('is typed twice and never shown (key by key: %s)', async (inPieces) => {
    const { input, modes } = terminal(`${SECRET}\r${SECRET}\r`, { inPieces })
    expect(await readNewSecret('password', input)).toBe(SECRET)
    expect(shown).toBe(
      'Type the password (it is not shown) and press Enter: \nType the same password again and press Enter: \n',
    )
    expect(modes).toEqual([true, false])
  })

  it('typed differently the second time is refused, and a slip that was corrected is none', async () => {
    const differs = { code: 'inputs_differ', message: expect.stringContaining('differently') as string }
    await expect(readNewSecret('password', terminal('one word\rone wird\r').input)).rejects.toMatchObject(differs)
    expect(await readNewSecret('password', terminal('one word\rone wi\u007ford\r').input)).toBe('one word')
  })

  it('is asked for in Chinese at a Chinese terminal', async () => {
    vi.stubEnv('LINGPAI_LANGUAGE', 'zh-CN')
    await readNewSecret('password', terminal('一样\r一样\r').input)
    expect(shown).toBe('请输入密码（不会显示），然后按回车：\n请再输入一次相同的密码，然后按回车：\n')
  })

  it('that is piped in comes once', async () => {
    const input = new PassThrough()
    input.end(`${SECRET}\n`)
    expect(await readNewSecret('password', input)).toBe(SECRET)
    expect(shown).toBe('')
  })

  it('ends with Ctrl+C or with nothing typed, and nothing has changed', async () => {
    await expect(readNewSecret('password', terminal('one\rtw\u0003').input)).rejects.toMatchObject({
      code: 'interrupted',
    })
    await expect(readNewSecret('password', terminal('\r').input)).rejects.toMatchObject({ code: 'input_missing' })
  })
})

it('a secret that is only compared is typed once', async () => {
  expect(await readSecret('client secret', terminal(`${SECRET}\r`).input)).toBe(SECRET)
})
