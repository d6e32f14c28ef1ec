// Which hosts and addresses can mean anything to a server elsewhere.

import { expect, test } from 'vitest'
import { isPublicAddress, isPublicHost } from '../../../src/administration/rehearsal/public-host.ts'

test.each(['sso.example.com', 'a.b.cn', '8.8.8.8', '[2606:4700::1111]', 'sso.example.com.'])(
  '%s can be public',
  (host) => {
    expect(isPublicHost(host)).toBe(true)
  },
)

test.each([
  'localhost',
  'sso',
  'sso.local',
  'sso.corp.internal',
  '127.0.0.1',
  '10.0.0.1',
  '172.31.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '169.254.1.1',
  '[::1]',
  '[fd00::1]',
  '[fe80::1]',
])('%s is not', (host) => {
  expect(isPublicHost(host)).toBe(false)
})

test.each([
  ['https://sso.example.com', true],
  ['https://sso.example.com:8443/base', true],
  ['http://sso.example.com', false],
  ['https://localhost:4000', false],
  ['https://[fd00::1]', false],
  ['http://127.0.0.1:4000', false],
])('whether %s can be told to a service elsewhere: %s', (address, expected) => {
  expect(isPublicAddress(address)).toBe(expected)
})
