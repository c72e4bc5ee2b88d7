import { ModelTrackingAsyncManager, type FieldMap } from '../../plugins/index.ts'
import { AsyncTaskRecord } from './async-task-record.ts'

/** Pass it as the option `manager` in the config that server and workers share. */
export class TrackingManager extends ModelTrackingAsyncManager {
  override readonly recordEntity = AsyncTaskRecord
  /** Only fields whose property has another name. */
  override readonly fieldMap: FieldMap = { operation: 'taskName', user: 'userLabel', affected: 'affectedObjects' }

  override formatAffected (affected: readonly string[] | null): string {
    return affected === null ? 'none' : affected.join(' and ')
  }
}
