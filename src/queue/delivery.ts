import type { Delivery } from './job-queue.ts'

/** What BullMQ knows a delivery by. It forbids colons and pure integers in ids. */
export function deliveryId ({ jobId, n }: Delivery): string {
  return `${jobId}.${n}`
}

/** The delivery in the payload of a queue entry; undefined for an entry that is none of ours. */
export function deliveryIn (payload: unknown): Delivery | undefined {
  const { jobId, n } = (payload ?? {}) as Partial<Record<keyof Delivery, unknown>>
  return typeof jobId === 'string' && typeof n === 'number' ? { jobId, n } : undefined
}
