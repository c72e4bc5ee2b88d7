import { expect, test } from 'tstyche'
import { AsyncManager, type Job, type LifecycleEvent, type ManagerContext } from '../../../plugins/index.ts'

test('a manager shows what applications use, and nothing of the engine', () => {
  expect<Extract<keyof AsyncManager, 'engine' | 'tell' | 'mistake' | 'wantsEvents'>>().type.toBe<never>()
  expect<ManagerContext>().type.not.toBeAssignableFrom({})
  expect(AsyncManager).type.not.toBeConstructableWith({ engine: {} })
})

test('a subclass may have a constructor and members of its own', () => {
  class Own extends AsyncManager {
    readonly engine: string

    constructor (context: ManagerContext) {
      super(context)
      this.engine = 'diesel'
    }

    override async asyncTaskLifecycle (event: LifecycleEvent, job: Job): Promise<void> {
      expect(event).type.toBe<LifecycleEvent>()
      expect(job.status).type.toBe<Job['status']>()
    }
  }
  expect<AsyncManager>().type.toBeAssignableFrom<Own>()
})
