import type { Delivery } from './job-queue.ts'

/** The id of a delivery in BullMQ, which forbids colons and pure integers in ids. */
export function deliveryId ({ jobId, n }: Delivery): string {
  return `${jobId}.${n}`
}

/** The delivery in the payload of a queue entry; undefined for any other entry. */
export function deliveryIn (payload: unknown): Delivery | undefined {
  const { jobId, n } = (payload ?? {}) as Partial<Record<keyof Delivery, unknown>>
  return typeof jobId === 'string' && typeof n === 'number' ? { jobId, n } : undefined
}
