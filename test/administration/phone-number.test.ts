// Phone numbers as people and spreadsheets write them: what is understood, and what is refused with a way to mend it.

import { describe, expect, test } from 'vitest'
import { recognisePhone } from '../../src/administration/phone-number.ts'

describe('recognisePhone', () => {
  test.each([
    '13800138000',
    '+8613800138000',
    '+86 138 0013 8000',
    '+86-138-0013-8000',
    '86-13800138000',
    '8613800138000',
    '008613800138000',
    '0086 138 0013 8000',
    ' 138 0013\u30008000 ',
    '138－0013－8000',
    '１３８００１３８０００',
    '＋８６１３８００１３８０００',
    "'13800138000",
    '‘13800138000',
    '\u202d13800138000\u202c',
    '13800138000.0',
    '13,800,138,000',
    '(+86) 13800138000',
    'tel:+8613800138000',
  ])('understands %j', async (text) => {
    expect(await recognisePhone(text)).toEqual({ e164: '+8613800138000' })
  })

  test.each([
    ['+852 9123 4567', '+85291234567'],
    ['00852-91234567', '+85291234567'],
    ['+1 202-555-0143', '+12025550143'],
    ['+44 7911 123456', '+447911123456'],
    ['+86 10 6555 1234', '+861065551234'],
  ])('understands %j of elsewhere', async (text, e164) => {
    expect(await recognisePhone(text)).toEqual({ e164 })
  })

  test.each(['1.38E+10', '1.38001E+10', '1.38e10', '1,38E+10', '１.３８Ｅ＋１０', "'1.38E+10"])(
    'explains how to mend what Excel made of a number: %j',
    async (text) => {
      const result = await recognisePhone(text)
      expect(result).toMatchObject({
        problem: expect.stringContaining('Excel'),
        hint: expect.stringContaining('format the column as text'),
      })
    },
  )

  test.each([
    ['', 'is empty'],
    ['#######', 'the column was too narrow'],
    ['=A1', 'formula'],
    ['1380013800', 'has 10 digits, so it is no mainland mobile number'],
    ['138001380000', 'has 12 digits'],
    ['+86 1380013800', 'has 10 digits after +86'],
    ['86138001380', 'begins with 86'],
    ['861380013800', 'has 10 digits after 86; a mainland mobile number has 11'],
    ['12800138000', 'begins with 12'],
    ['013800138000', 'begins with a 0'],
    ['+86013800138000', 'has a 0 after +86'],
    ['010-65551234', 'landline'],
    ['13800138000/13900139000', 'more than one number'],
    ['13800138000、13900139000', 'more than one number'],
    ['13800138000,13900139000', 'more than one number'],
    ['+86 10 65551234转5', 'extension'],
    ['not known', 'letters'],
    ['+999 123', 'no known country code'],
    ['+1 555', 'not a valid number'],
    ['+1<script>', 'letters'],
    ['9'.repeat(1_000_000), 'too long'],
  ])('refuses %j, and says why and what to do', async (text, why) => {
    const result = await recognisePhone(text)
    expect(result).toMatchObject({ problem: expect.stringContaining(why), hint: expect.stringMatching(/.{10}/) })
  })
})
