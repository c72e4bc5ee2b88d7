import { equal } from 'node:assert/strict'
import { isConnectionError, sqlState } from '../../src/database/sql.ts'
import type { PlanOf } from './arbitraries.ts'
import { refusalOfUpdate, remove, write, type ModelRecord } from './records.ts'
import type { Situation } from './situation.ts'

/** Statements of the application, which know nothing of jobs. Answers whether the database let it pass. */
async function statement ({ world: { client } }: Situation, text: string, values: unknown[]): Promise<boolean> {
  try {
    await client.query(text, values)
    return true
  } catch (error) {
    if (isConnectionError(error) || sqlState(error) === undefined) throw error
    return false
  }
}

export async function editStep (situation: Situation, { id, set }: PlanOf<'edit'>): Promise<void> {
  const { records } = situation.model
  const before = records.items.get(id)
  if (before === undefined) return
  const { status, priority, notes, owner, version }: ModelRecord = { ...before, ...set, version: before.version + 1 }
  const after = { ...before, status, priority, notes, owner, version }
  const passed = await statement(situation,
    'UPDATE item SET status = $2, priority = $3, notes = $4, owner_id = $5, version = $6 WHERE id = $1', [id, status, priority, notes, owner, version])
  equal(passed, refusalOfUpdate(records, id, after) === undefined, 'the model knows what the table refuses')
  if (passed) write(records, id, after)
}

export async function insertStep (situation: Situation, { id, record }: PlanOf<'insert'>): Promise<void> {
  const { records: { items, owners, labels } } = situation.model
  if (items.has(id) || (record.owner !== null && !owners.has(record.owner)) || record.labels.some((label) => !labels.has(label))) return
  const { status, priority, notes, owner, version } = record
  await situation.world.client.query("INSERT INTO item (id, name, status, priority, notes, owner_id, version) VALUES ($1, 'item', $2, $3, $4, $5, $6)",
    [id, status, priority, notes, owner, version])
  await situation.world.client.query('INSERT INTO item_labels (item_id, label_id) SELECT $1, unnest($2::int[])', [id, record.labels])
  write(situation.model.records, id, record)
}

export async function removeStep (situation: Situation, { id }: PlanOf<'remove'>): Promise<void> {
  const passed = await statement(situation, 'DELETE FROM item WHERE id = $1', [id])
  equal(passed, typeof remove(situation.model.records, id) === 'string', 'the model knows what the table refuses')
}

/** Deletes an owner, unless items refer to it. */
export async function removeOwnerStep (situation: Situation, { id }: PlanOf<'removeOwner'>): Promise<void> {
  const { items, owners } = situation.model.records
  if ([...items.values()].some(({ owner }) => owner === id)) return
  await situation.world.client.query('DELETE FROM owner WHERE id = $1', [id])
  owners.delete(id)
}

/** It goes from all items too. */
export async function removeLabelStep (situation: Situation, { id }: PlanOf<'removeLabel'>): Promise<void> {
  const { items, labels } = situation.model.records
  await situation.world.client.query('DELETE FROM label WHERE id = $1', [id])
  labels.delete(id)
  for (const [key, item] of items) items.set(key, { ...item, labels: item.labels.filter((label) => label !== id) })
}
