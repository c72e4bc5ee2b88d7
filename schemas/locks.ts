import { Type, type Static } from '@sinclair/typebox'
import { closed, defaultSchemaPrefix, Instant, JobId, Nullable, User } from './common.ts'
import { AnyRecordKey } from './results.ts'

const Lock = Type.Object({
  id: AnyRecordKey,
  jobId: JobId,
  operation: Type.String({ description: 'What the job does.' }),
  since: Instant,
  createdBy: Nullable(User, { description: 'Who started the job; null where that is unknown, or not for the caller to know.' })
}, { ...closed, description: 'A record that a job has locked.' })
export type Lock = Static<typeof Lock>

export function LocksSchema (prefix: string = defaultSchemaPrefix) {
  return Type.Object({
    items: Type.Array(Lock, { description: 'Only those that are locked.' })
  }, { ...closed, $id: `${prefix}Locks`, title: `${prefix}Locks`, description: 'Which of the records asked for are locked, and by whom.' })
}
export type Locks = Static<ReturnType<typeof LocksSchema>>
