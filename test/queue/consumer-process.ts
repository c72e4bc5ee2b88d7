// A consumer in a process of its own whose handler never resolves.

import { openBackend, type BackendAddress } from './open-backend.ts'

const address = JSON.parse(process.argv[2] ?? '') as BackendAddress
const { backend } = openBackend(address, (error) => console.error(error))
const consumer = await backend.createConsumer({
  concurrency: 1,
  onError: (error) => console.error(error),
  handle (delivery) {
    console.log(`took ${delivery.jobId}.${delivery.n}`)
    return Promise.withResolvers<never>().promise
  }
})
await consumer.ready()
