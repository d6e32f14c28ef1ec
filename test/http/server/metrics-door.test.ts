// The door for metrics: who reaches it by which name, and how long somebody may hold a place without asking.

import { type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MetricsDoor, openMetricsDoor } from '../../../src/http/server/metrics-door.ts'
import { eventually } from '../../faults/support/caller.ts'

const TEXT = 'numbers 1\n'

async function askAs(door: MetricsDoor, host: string, method = 'GET'): Promise<{ status: number; body: string }> {
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    request(door.url, { method, headers: { host } }, resolve).once('error', reject).end()
  })
  let body = ''
  for await (const chunk of reply) body += String(chunk)
  return { status: reply.statusCode ?? 0, body }
}

describe('on this machine alone', () => {
  let door: MetricsDoor
  beforeAll(async () => {
    door = await openMetricsDoor({ host: '127.0.0.1', port: 0 }, async () => TEXT)
  })
  afterAll(() => door.close())

  test.each(['evil.test', 'evil.test:9464', 'localhost.evil.test', '127.0.0.1.evil.test:9464', 'localhost@evil.test'])(
    'a page whose own name leads here reads nothing: %s',
    async (host) => {
      const { status, body } = await askAs(door, host)
      expect(status).toBe(421)
      expect(body).not.toContain(TEXT)
      expect((await askAs(door, host, 'HEAD')).status).toBe(421)
    },
  )

  test.each(['127.0.0.1', '127.0.0.1:9464', 'localhost', 'LocalHost:9464', '[::1]:9464', '[::1]'])(
    'whoever gathers numbers reads them: %s',
    async (host) => {
      expect(await askAs(door, host)).toEqual({ status: 200, body: TEXT })
    },
  )
})

test('for other machines any name will do, because whoever opened it there decides who comes in', async () => {
  const door = await openMetricsDoor({ host: '0.0.0.0', port: 0 }, async () => TEXT)
  const here: MetricsDoor = { ...door, url: door.url.replace('0.0.0.0', '127.0.0.1') }
  expect(await askAs(here, 'lingpai.example.com:9464')).toEqual({ status: 200, body: TEXT })
  await door.close()
})

test('whoever only connects gives their place back within seconds', async () => {
  const door = await openMetricsDoor({ host: '127.0.0.1', port: 0 }, async () => TEXT)
  const silent: Socket[] = []
  for (let at = 0; at < 32; at++) {
    const socket = connect(Number(new URL(door.url).port), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.write('GET /metrics HTTP/1.1\r\n')
    silent.push(socket)
  }
  const status = await eventually(
    () =>
      fetch(door.url).then(
        (reply) => reply.status,
        () => 0,
      ),
    (each) => each === 200,
    12_000,
  )
  expect(status).toBe(200)
  for (const socket of silent) socket.destroy()
  await door.close()
}, 20_000)
