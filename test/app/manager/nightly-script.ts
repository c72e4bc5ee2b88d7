// What an application's crontab runs: it launches a task, and ends. Twice on one day it is one job.

import { openPowercrud } from '../../../plugins/index.ts'

const { powercrud, close } = await openPowercrud()
const job = await powercrud.launch('greet', process.argv[2], { idempotencyKey: 'nightly 2026-11-24' })
console.log(`launched ${job.id} ${job.status}`)
await close()
