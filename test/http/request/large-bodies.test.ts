import { expect, it } from 'vitest'
import { createLargeBodies } from '../../../src/http/request/large-bodies.ts'

it('an address has one place, all addresses together have as many as were said', () => {
  const bodies = createLargeBodies(2)
  const first = bodies.take('192.0.2.1')
  expect(first).not.toBeNull()
  expect(bodies.take('192.0.2.1')).toBeNull()
  const second = bodies.take('2001:db8:1:1::1')
  expect(second).not.toBeNull()
  expect(bodies.take('2001:db8:1:2::2')).toBeNull()
  expect(bodies.take('192.0.2.2')).toBeNull()
  first?.()
  first?.()
  expect(bodies.take('192.0.2.2')).not.toBeNull()
  expect(bodies.take('192.0.2.3')).toBeNull()
})

it('a place that was given back twice takes nobody else’s', () => {
  const bodies = createLargeBodies(2)
  const release = bodies.take('192.0.2.1')
  release?.()
  expect(bodies.take('192.0.2.1')).not.toBeNull()
  release?.()
  expect(bodies.take('192.0.2.1')).toBeNull()
})
