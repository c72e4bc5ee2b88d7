export { startWorker, type RunningWorker, type WorkerSettings } from './worker.ts'
