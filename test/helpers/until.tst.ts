import { expect, test } from 'tstyche'
import { until } from './until.ts'

test('until never resolves to a falsy value', () => {
  expect(until(() => 'there' as string | undefined)).type.toBe<Promise<string>>()
  expect(until(async () => [1] as number[] | false)).type.toBe<Promise<number[]>>()
})
