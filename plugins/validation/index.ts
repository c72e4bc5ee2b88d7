export { buildValidatorCompiler, validationProblem } from './validator-compiler.ts'
