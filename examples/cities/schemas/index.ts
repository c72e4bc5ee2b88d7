export * from './city.ts'
export * from './problem.ts'
export * from './reference.ts'
export * from './tag.ts'
