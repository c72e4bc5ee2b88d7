export { default } from '../with-task.ts'
