/** A record as a person sees it; amounts are numbers, members are sorted. */
export interface ModelRecord {
  status: string
  priority: number | null
  notes: string | null
  amount: number | null
  owner: number | null
  labels: readonly number[]
  version: number
}

/** Everything that the application's tables hold. */
export interface Records {
  items: Map<number, ModelRecord>
  owners: Set<number>
  labels: Set<number>
  /** Items that a receipt refers to, which keeps them from being deleted. */
  receipts: Set<number>
  /** Items that a visit refers to, which goes with them. */
  visits: Set<number>
  /** Committed writes of a row, by id: those of jobs and of everybody else. */
  writes: Map<number, number>
}

export interface ChangeSet {
  status?: string
  priority?: number | null
  notes?: string | null
  /** Digits, as JSON has them. */
  amount?: string | null
  owner?: number | null
  labels?: { add?: number[], remove?: number[] } | { replace: number[] }
}

/** How a resource writes: some have a rule of the application's own. */
export interface Writing {
  ruled: boolean
}

/** What a write made of a record: undefined, if it went. */
export interface Image {
  before: ModelRecord
  after: ModelRecord | undefined
  /** Whether others went with it. */
  tookOthers: boolean
}

/** `changed`: since the write that is to be undone. */
export type TransactionOutcome = 'succeeded' | 'changed' | 'unchanged' | 'missing' | { refused: string }

export function copyOf (records: Records): Records {
  return structuredClone(records)
}

/** The rule of the application: judges the record as it would be, changed or not. */
export function isAgainstRule ({ priority, notes }: Pick<ModelRecord, 'priority' | 'notes'>): boolean {
  return priority === 4 && notes !== null
}

/** What the tables themselves refuse, in the order in which PostgreSQL looks: triggers, checks, unique keys, references. */
export function refusalOfUpdate (records: Records, id: number, after: ModelRecord): string | undefined {
  return after.notes === 'boom' && after.priority === 2 ? 'raised_by_trigger' : refusalOfInsert(records, id, after)
}

function refusalOfInsert ({ items, owners }: Records, id: number, after: ModelRecord): string | undefined {
  if (after.status === 'done' && after.priority === 3) return 'check_violation'
  if (after.amount !== null && [...items].some(([other, { amount }]) => other !== id && amount === after.amount)) return 'unique_violation'
  return after.owner !== null && !owners.has(after.owner) ? 'foreign_key_violation' : undefined
}

function refusalOfMembers ({ labels }: Records, id: number, added: readonly number[]): string | undefined {
  if (added.includes(4) && id % 3 === 0) return 'raised_by_trigger'
  return added.some((label) => !labels.has(label)) ? 'foreign_key_violation' : undefined
}

/** Updates one record in place, or leaves it as it is and says why. */
export function update (records: Records, id: number, { labels: change, amount, ...scalars }: ChangeSet, writing: Writing): TransactionOutcome {
  const before = records.items.get(id)
  if (before === undefined) return 'missing'
  const columns = { ...scalars, ...(amount !== undefined && { amount: amount === null ? null : Number(amount) }) }
  return become(records, id, { ...before, ...columns, labels: change === undefined ? before.labels : membersAfter(before.labels, change) }, writing)
}

/** Takes an update back: what it set gets the values that were there before, where all of it still is what was set. */
export function giveBack (records: Records, id: number, { before, after }: Image, { set, ruled }: Writing & { set: ChangeSet }): TransactionOutcome {
  const now = records.items.get(id)
  if (now === undefined) return 'missing'
  const of = (record: ModelRecord) => Object.fromEntries(Object.keys(set).map((field) => [field, record[field as keyof ChangeSet]]))
  if (JSON.stringify(of(now)) !== JSON.stringify(of(after!))) return 'changed'
  return become(records, id, { ...now, ...of(before) }, { ruled })
}

function become (records: Records, id: number, after: ModelRecord, { ruled }: Writing): TransactionOutcome {
  const before = records.items.get(id)!
  if (ruled && isAgainstRule(after)) return { refused: 'rule_refused' }

  const { labels, ...columns } = after
  const isWritten = Object.entries(columns).some(([name, value]) => before[name as keyof typeof columns] !== value)
  const refusal = isWritten ? refusalOfUpdate(records, id, after) : undefined
  if (refusal !== undefined) return { refused: refusal }
  const refusalOfMember = refusalOfMembers(records, id, labels.filter((label) => !before.labels.includes(label)))
  if (refusalOfMember !== undefined) return { refused: refusalOfMember }
  if (!isWritten) {
    records.items.set(id, after)
    return labels.join() === before.labels.join() ? 'unchanged' : 'succeeded'
  }
  write(records, id, { ...after, version: before.version + 1 })
  return 'succeeded'
}

function membersAfter (before: readonly number[], change: NonNullable<ChangeSet['labels']>): number[] {
  const members = 'replace' in change
    ? change.replace
    : [...before.filter((label) => change.remove?.includes(label) !== true || change.add?.includes(label) === true), ...change.add ?? []]
  return [...new Set(members)].sort((one, other) => one - other)
}

/** Deletes one record in place, or leaves it as it is and says why. */
export function remove (records: Records, id: number): TransactionOutcome {
  const before = records.items.get(id)
  if (before === undefined) return 'missing'
  if (before.notes === 'keep') return { refused: 'raised_by_trigger' }
  if (records.receipts.has(id)) return { refused: 'foreign_key_violation' }
  records.visits.delete(id)
  write(records, id, undefined)
  return 'succeeded'
}

/** Takes a delete back: the record is as it was, with its members, unless there is such a one again. */
export function bringBack (records: Records, id: number, { before, tookOthers }: Image): TransactionOutcome {
  if (tookOthers) return { refused: 'rule_refused' }
  if (records.items.has(id)) return 'changed'
  const refusal = refusalOfInsert(records, id, before) ?? refusalOfMembers(records, id, before.labels)
  if (refusal !== undefined) return { refused: refusal }
  write(records, id, before)
  return 'succeeded'
}

/** A committed write; undefined: the record goes. */
export function write ({ items, writes }: Records, id: number, after: ModelRecord | undefined): void {
  writes.set(id, (writes.get(id) ?? 0) + 1)
  if (after === undefined) items.delete(id)
  else items.set(id, after)
}
