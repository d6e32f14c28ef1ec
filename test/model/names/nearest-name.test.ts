// "Did you mean …?" is asked only where the names are near in letters.

import { expect, test } from 'vitest'
import { nearestName } from '../../../src/model/names/nearest-name.ts'

test.each([
  ['phon', ['phone', 'name'], 'phone'],
  ['nmae', ['phone', 'name'], 'name'],
  ['ix', ['id', 'name'], 'id'],
  ['zq', ['id', 'sex'], null],
  ['部门', ['id', 'sub', '手机'], null],
  ['工号', ['账号'], null],
  ['部门编号', ['用户编号'], null],
  ['手机号吗', ['手机号', '手机'], '手机号'],
  ['e', ['id', 'e_mail'], null],
])('%s', (unknown, known, nearest) => {
  expect(nearestName(unknown, known)).toBe(nearest)
})
