import type { Writer } from '../../engine/writer.ts'

/** Slices are made to take about this long, so that live progress moves at least every half second. */
const sliceTargetMs = 150

/** Small at first: nobody knows yet what the triggers of a table take for a record. */
const firstSliceSize = 32

/** A slice grows so many times at most, however quick the one before was. */
const maxGrowth = 8

/** How many records the next slice should have: learned from the time that the last ones took. */
export interface SliceSize {
  size: number
}

export function initialSliceSize (): SliceSize {
  return { size: firstSliceSize }
}

/** The last place of the next slice. */
export function lastPlaceOfSlice (sliceSize: SliceSize, { sliceAtMost = Infinity }: Pick<Writer, 'sliceAtMost'>, from: number, size: number): number {
  return Math.min(size, from + Math.min(sliceSize.size, sliceAtMost) - 1)
}

/** Learns from a slice how many records the next one should have. */
export function adaptSliceSize (sliceSize: SliceSize, written: number, tookMs: number): void {
  const ideal = written * sliceTargetMs / Math.max(tookMs, 1)
  sliceSize.size = Math.max(1, Math.round(Math.min(ideal, sliceSize.size * maxGrowth)))
}
