import { expect, test } from 'tstyche'
import { until } from './until.ts'

test('what until answers is never what it waited to be over', () => {
  expect(until(() => 'there' as string | undefined)).type.toBe<Promise<string>>()
  expect(until(async () => [1] as number[] | false)).type.toBe<Promise<number[]>>()
})
