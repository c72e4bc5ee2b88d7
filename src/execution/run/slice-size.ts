import type { Writer } from '../../engine/writer.ts'

/** Slices are sized to take about this long, so that live progress moves at least every half second. */
const targetMs = 150

/** Small at first: how long the triggers of a table take for a record is not known yet. */
const firstSize = 32

/** The maximum factor by which a slice may be larger than the one before, however quick that was. */
const maxGrowth = 8

/** How much of what is known about failures is kept after each slice. */
const decay = 0.8

/** How many records the next slice should have, learned from the slices before. */
export interface SliceSize {
  size: number
  /** Records of the last slices, and how many of them failed; older slices count less. */
  written: number
  failed: number
}

export function initialSliceSize (): SliceSize {
  return { size: firstSize, written: 0, failed: 0 }
}

/** The last place of the next slice. */
export function lastPlaceOfSlice ({ size }: Pick<SliceSize, 'size'>, { sliceAtMost = Infinity }: Pick<Writer, 'sliceAtMost'>, from: number, lastPlace: number): number {
  return Math.min(lastPlace, from + Math.min(size, sliceAtMost) - 1)
}

export interface WrittenSlice {
  readonly written: number
  readonly tookMs: number
  /** Records that failed, and were found by bisecting. */
  readonly failed: number
}

/**
 * Adapts the size to the time that a slice took, and to how many of its records failed: with one failing record per slice
 * bisecting repeats the least.
 */
export function adaptSliceSize (sliceSize: SliceSize, { written, tookMs, failed }: WrittenSlice): void {
  sliceSize.written = sliceSize.written * decay + written
  sliceSize.failed = sliceSize.failed * decay + failed
  const inTime = written * targetMs / Math.max(tookMs, 1)
  const perFailure = sliceSize.failed < 0.5 ? Infinity : sliceSize.written / sliceSize.failed
  // Bisecting says little about how long a good slice takes.
  const ideal = failed > 0 ? Math.min(perFailure, Math.max(inTime, written)) : Math.min(perFailure, inTime)
  sliceSize.size = Math.max(1, Math.round(Math.min(ideal, sliceSize.size * maxGrowth)))
}
