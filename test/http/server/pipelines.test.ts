import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createPipelines } from '../../../src/http/server/pipelines.ts'

describe('RFC 9112 §9.3.2 requests that one connection sends without waiting for replies', () => {
  it('begin one after another; those of another connection do not wait for them', () => {
    const pipelines = createPipelines()
    const [one, other] = [new Socket(), new Socket()]
    const begun: string[] = []
    for (const name of ['a', 'b', 'c']) pipelines.enter(one, () => begun.push(name))
    pipelines.enter(other, () => begun.push('other'))
    expect(begun).toEqual(['a', 'other'])
    pipelines.leave(one)
    pipelines.leave(one)
    expect(begun).toEqual(['a', 'other', 'b', 'c'])
    pipelines.leave(one)
    pipelines.enter(one, () => begun.push('d'))
    expect(begun.at(-1)).toBe('d')
  })

  it('are dropped when the connection is gone', () => {
    const pipelines = createPipelines()
    const socket = new Socket()
    const begun: string[] = []
    for (const name of ['a', 'b']) pipelines.enter(socket, () => begun.push(name))
    socket.destroy()
    pipelines.leave(socket)
    expect(begun).toEqual(['a'])
  })
})
