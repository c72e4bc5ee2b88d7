export { BulkOptionsSchema, type BulkOptions, type EditableField, type FieldChoices, type FilterableField } from './bulk-options.ts'
export type { ChangeSet, CollectionChange } from './change-set.ts'
export { defaultSchemaPrefix, Instant, JobId, Nullable, OneOf, PreviewId, User } from './common.ts'
export { sharedComponents } from './components.ts'
export { filterOperators, type FilterOperator } from './entity/operators.ts'
export type { Filter, FilterComparison } from './filter.ts'
export {
  Counts, JobError, jobErrorCodes, JobPageSchema, JobSchema, jobStatuses, livingStatuses, onConflictModes, onErrorModes, terminalStatuses,
  type Job, type JobErrorCode, type JobLinks, type JobPage, type JobProgress, type JobStatus, type OnConflict, type OnError, type TerminalStatus
} from './job.ts'
export { HealthSchema, type Health } from './health.ts'
export { LocksSchema, type Lock, type Locks } from './locks.ts'
export { optionTable, PluginOptionsSchema, ResourceOptionsSchema, type OptionTableRow } from './options.ts'
export { PreviewSchema, type Cascade, type Preview } from './preview.ts'
export { Conflict, problemCodes, ProblemItem, ProblemSchema, routeCodes, type Problem, type ProblemCode } from './problem.ts'
export { buildResourceSchemas, type BulkDelete, type BulkUpdate, type LocksQuery, type ResourceSchemas, type ResourceShape } from './resource.ts'
export {
  AnyRecordKey, ResultPageSchema, rowCodes, rowOutcomes, RowResultSchema, type ResultPage, type RowCode, type RowOutcome, type RowResult
} from './results.ts'
export { selectionKind, selectionKinds, selectionErrors, type Selection, type SelectionKind } from './selection.ts'
