// The name of whoever runs the server, while it is looked at and kept at the same time.

import { expect, test } from 'vitest'
import { createOperatorName } from '../../src/administration/operator-name.ts'

test('what is kept while a look is under way stays', async () => {
  const looks: ((value: string | null) => void)[] = []
  const store = {
    findFact: () => new Promise<string | null>((resolve) => void looks.push(resolve)),
    putFact: async () => undefined,
  }
  const name = createOperatorName(store, null)
  const looking = name.look()
  await name.keep('新公司')
  looks[0]?.('旧公司')
  await looking
  expect(name.current()).toBe('新公司')
  // And a look that begins afterwards is believed.
  const later = name.look()
  looks[1]?.('another node has stored this')
  await later
  expect(name.current()).toBe('another node has stored this')
})
