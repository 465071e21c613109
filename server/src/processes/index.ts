/** The door of the processes' room. */
export { createProcesses, mustBeFree, type Processes, type ProcessesOptions } from './processes.ts'
