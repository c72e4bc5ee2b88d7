export { buildValidatorCompiler, validationProblem } from './validator-compiler.ts'
export { illFormedText } from './well-formed.ts'
