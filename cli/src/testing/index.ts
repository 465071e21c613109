/** The testing door of the command line: its readers of files that people keep, for those who try them with hostile ones. */
export { readPolicyFile, writePolicyFile } from '../policy-file.ts'
export { UsageError } from '../terminal.ts'
