/** The door of backups. */
export { type BackupOptions, type BackupReport, createBackup } from './dump.ts'
export { createFrameWriter, mark as backupMark } from './frames.ts'
export { type RestoreOptions, type RestoreReport, restoreBackup } from './load.ts'
export { type BackupCode, BackupProblem } from './problem.ts'
export { type Checked, checkBackup } from './verify.ts'
