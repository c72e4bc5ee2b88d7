import type { Tables } from '../database/tables.ts'
import * as jobs from './0001-jobs.ts'
import * as tasks from './0002-tasks.ts'
import * as queuedJobs from './0003-queued-jobs.ts'
import * as abilities from './0004-abilities.ts'
import * as images from './0005-images.ts'
import * as workers from './0006-workers.ts'
import * as installation from './0007-installation.ts'

/** One step of the engine's schema. Its name is what the ledger keeps; neither name nor SQL changes once released. */
export interface Migration {
  readonly name: string
  /** The statements, all of them fit for a transaction, with every table named by its schema. */
  up (tables: Tables): string
}

/** In the order of application. New ones are appended. */
export const migrations: readonly Migration[] = [
  { name: '0001-jobs', ...jobs },
  { name: '0002-tasks', ...tasks },
  { name: '0003-queued-jobs', ...queuedJobs },
  { name: '0004-abilities', ...abilities },
  { name: '0005-images', ...images },
  { name: '0006-workers', ...workers },
  { name: '0007-installation', ...installation }
]
