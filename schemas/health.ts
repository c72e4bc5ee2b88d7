import { Type, type Static } from '@sinclair/typebox'
import { closed, defaultSchemaPrefix, OneOf } from './common.ts'

const partStatus = OneOf(['up', 'down'], { description: 'Whether it answers.' })
const kind = OneOf(['postgres', 'redis'], { description: 'Where it is.' })

export function HealthSchema (prefix: string = defaultSchemaPrefix) {
  return Type.Object({
    status: OneOf(['ok', 'unavailable'], { description: '`ok` if every part answers.' }),
    database: Type.Object({ status: partStatus }, { ...closed, description: 'Records, jobs, selections and locks.' }),
    queue: Type.Object({ status: partStatus, kind }, { ...closed, description: 'What brings jobs to workers.' }),
    liveStore: Type.Object({ status: partStatus, kind }, { ...closed, description: 'What publishes progress while a job runs.' }),
    workers: Type.Object({
      living: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], { description: 'How many live; null while the database is down. None is no failure: jobs wait for one.' }),
      jobsWithout: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
        description: 'How many queued jobs (1000 at most) none of them can do: their options of a resource differ from those of the server, or they do not know a task. Null while the database is down.'
      })
    }, { ...closed, description: 'What works on jobs.' })
  }, { ...closed, $id: `${prefix}Health`, title: `${prefix}Health`, description: 'Whether bulk operations can be launched, part by part.' })
}
export type Health = Static<ReturnType<typeof HealthSchema>>
