import type { ModelRecord } from './records.ts'

export type Filter = Record<string, unknown>

/** Whether a record matches: every condition on every field, a missing value being a value like any other. */
export function matches (filter: Filter, id: number, record: ModelRecord): boolean {
  return Object.entries(filter).every(([field, condition]) => {
    const value = field === 'id' ? id : record[field as keyof ModelRecord]
    if (typeof condition !== 'object' || condition === null) return isSame(value, condition)
    return Object.entries(condition).every(([operator, operand]) => holds(value, operator, operand))
  })
}

function holds (value: unknown, operator: string, operand: unknown): boolean {
  switch (operator) {
    case 'eq': return isSame(value, operand)
    case 'ne': return !isSame(value, operand)
    case 'in': return (operand as unknown[]).some((one) => isSame(value, one))
    case 'nin': return !(operand as unknown[]).some((one) => isSame(value, one))
    case 'isNull': return (value === null) === operand
    case 'gt': return value !== null && order(value, operand) > 0
    case 'gte': return value !== null && order(value, operand) >= 0
    case 'lt': return value !== null && order(value, operand) < 0
    case 'lte': return value !== null && order(value, operand) <= 0
    case 'contains': return value !== null && String(value).toLowerCase().includes(String(operand).toLowerCase())
    case 'startsWith': return value !== null && String(value).toLowerCase().startsWith(String(operand).toLowerCase())
    default: return false
  }
}

function isSame (value: unknown, operand: unknown): boolean {
  return value === null || operand === null ? value === operand : order(value, operand) === 0
}

/** Amounts are digits in JSON, and numbers here. */
function order (value: unknown, operand: unknown): number {
  if (typeof value === 'number') return value - Number(operand)
  return value === operand ? 0 : String(value) < String(operand) ? -1 : 1
}
