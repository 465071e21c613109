/** The room of secrets: sealed before they reach the database, under keys whose own key never does. */
export { makeKeyFile, readKeyFile } from './key-file.ts'
export { masterIdOf } from './master-file.ts'
export { type SecretCode, SecretProblem } from './problem.ts'
export { openSecrets, type Secrets } from './secrets.ts'
