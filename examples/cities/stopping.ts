import { stopSignal } from '../../src/app/worker/index.ts'

/** Aborts when the process is asked to end. */
export const stopping = stopSignal()
