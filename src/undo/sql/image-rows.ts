import type { Tables } from '../../database/tables.ts'

/** The parameters of a statement that say which chunk's images are meant: `$1`, `$2`. */
export interface ImagesAt {
  job: string
  no: string
}

/** With the parameters of a slice, and the job after them. */
export const imagesOfSlice: ImagesAt = { job: '$5', no: '$2' }

/**
 * SQL: what a chunk's records were before and after a job wrote them, as rows `(key, b0, b1 …, a0, a1 …)`, all of them
 * text.
 */
export function imageRows ({ image }: Tables, { job, no }: ImagesAt, count: number): string {
  const columns = Array.from({ length: count }, (_, index) => index)
  const each = (array: string, index: number) => `i.${array}[${index} * size.n + 1 : ${index + 1} * size.n]`
  const after = (index: number) => `CASE WHEN cardinality(i.after) = ${count} THEN array_fill(i.after[${index + 1}], ARRAY[size.n]) ELSE ${each('after', index)} END`
  const arrays = ['i.keys', ...columns.map((index) => each('before', index)), ...columns.map(after)]
  return `(
    SELECT e.* FROM ${image} AS i
    CROSS JOIN LATERAL (SELECT cardinality(i.keys) AS n) AS size
    CROSS JOIN LATERAL unnest(${arrays.join(', ')}) AS e (key, ${[...columns.map((index) => `b${index}`), ...columns.map((index) => `a${index}`)].join(', ')})
    WHERE i.job_id = ${job}::uuid AND i.no = ${no}::int)`
}

/** SQL: the same for records that were deleted, as rows `(key, document)`. */
export function deletedRows ({ image }: Tables, { job, no }: ImagesAt): string {
  return `(
    SELECT e.key, e.document::json AS document FROM ${image} AS i
    CROSS JOIN LATERAL unnest(i.keys, i.before) AS e (key, document)
    WHERE i.job_id = ${job}::uuid AND i.no = ${no}::int)`
}
