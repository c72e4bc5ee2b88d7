import type { EngineResource } from '../src/engine/engine.ts'

/** What a body may have beside the keys of its selection. */
const restBytes = 1_048_576
/** Node holds no longer text. */
const atMostBytes = 0x1fff_ffe0
/** Comma, quotes, and some indentation. */
const aroundBytes = 16
/** For text whose length has no bound, and to make more than the longest of most. */
const unboundedTextBytes = 256

/** How long a body can be that selects as many records as a resource allows: an id list must not fail at a limit below it. */
export function bodyLimitOf ({ options: { shape, bulkMaxSelectedRecords } }: Pick<EngineResource, 'options'>): number {
  const keyBytes = shape.key.parts.reduce((sum, { name, columnType }) => sum + bytesOf(columnType) + (shape.key.composite ? name.length + aroundBytes : 0), aroundBytes)
  const versionBytes = shape.version === undefined ? 0 : 24 + aroundBytes
  return Math.min(restBytes + bulkMaxSelectedRecords * (keyBytes + versionBytes), atMostBytes)
}

function bytesOf (columnType: string): number {
  const [, length] = /^(?:var)?char(?:acter varying|acter)?\((\d+)\)/.exec(columnType) ?? []
  // A character takes six bytes at most: \u0000 is the longest way to write one.
  if (length !== undefined) return Math.min(Number(length) * 6, unboundedTextBytes * 4)
  if (/^(int|smallint|serial|uuid|bigint|bigserial|date|time|timestamp)/.test(columnType)) return 40
  return unboundedTextBytes
}
