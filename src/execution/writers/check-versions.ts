import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import type { Tables } from '../../database/tables.ts'
import type { EngineResource } from '../../engine/engine.ts'
import { messageOf } from '../../errors.ts'
import { findStale } from './stale-rows.ts'
import type { Slice, SliceOutcome, Writer } from '../../engine/writer.ts'

/**
 * Leaves records alone that have changed since they were selected with their versions, whichever writer writes the others: in the
 * same statement, and under the same savepoint, in which they are locked.
 * @param staleIs `skipped`: all other records are written. `failed`: the job ends at it.
 */
export function guardVersions (tables: Tables, resource: EngineResource, writer: Writer, staleIs: 'skipped' | 'failed'): Writer {
  const version = resource.meta.props.find((prop: EntityProperty) => prop.version)
  if (version === undefined) return writer
  const owner = declaringEntity(resource.meta, version)
  return {
    ...writer,
    async write (transaction, slice, onDone) {
      if (slice.versioned !== true) return writer.write(transaction, slice, onDone)
      const stale = await findStale(transaction, tables, resource, { slice, version, owner, lock: writer.lock })
      if (stale.length === 0) return writer.write(transaction, slice, onDone)
      const outcomes = [staleOutcome(stale, staleIs)]
      if (staleIs === 'failed') return outcomes[0]!
      for (const part of slicesBetween(slice, stale)) outcomes.push(await writer.write(transaction, part, onDone))
      return mergeOutcomes(outcomes)
    }
  }
}

/** Where each class has a table of its own, the version is in that of the class that declares it. */
function declaringEntity (meta: EntityMetadata, version: EntityProperty): EntityMetadata {
  const parent = meta.tptParent as EntityMetadata | undefined
  return parent?.properties[version.name as never] === undefined ? meta : declaringEntity(parent, version)
}

function staleOutcome (places: readonly number[], outcome: 'skipped' | 'failed'): SliceOutcome {
  return {
    unchanged: [],
    missing: [],
    refused: places.map((place) => ({ place, outcome, code: 'stale_version', message: messageOf('stale_version') }))
  }
}

/** What is left of a slice without some places. */
function slicesBetween (slice: Slice, places: readonly number[]): Slice[] {
  return [slice.from - 1, ...places]
    .map((place, index) => ({ ...slice, from: place + 1, to: (places[index] ?? slice.to + 1) - 1 }))
    .filter(({ from, to }) => from <= to)
}

function mergeOutcomes (outcomes: readonly SliceOutcome[]): SliceOutcome {
  return {
    unchanged: outcomes.flatMap(({ unchanged }) => unchanged),
    missing: outcomes.flatMap(({ missing }) => missing),
    refused: outcomes.flatMap(({ refused }) => refused)
  }
}
