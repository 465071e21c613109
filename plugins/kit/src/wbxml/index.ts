/** WBXML as OMA DM speaks it. */
export { readWbxml } from './read.ts'
export { writeWbxml } from './write.ts'
