/** What can be wrong with a backup or with the place it is restored to, in words that say what to do. */

const texts = {
  'backup-foreign': 'This file is no Muster backup, or was made by a changed Muster. Nothing was written.',
  'backup-damaged': 'The backup is damaged or cut short. Take another copy of it. Nothing was written.',
  'backup-newer':
    'The backup was made by a newer Muster. Install that version, or a later one, and restore there. Nothing was written.',
  'backup-platform': 'The backup holds data of a platform that this Muster does not have. Nothing was written.',
  'database-not-empty':
    'A backup is restored into an empty database only. Make a new one, or choose another data folder with MUSTER_DATA.',
  'database-not-current': 'The database is not of this version. Run `muster migrate` first.',
  'keys-differ':
    'The key files that are there are not those of the backup. Move them away, or put the right ones there. Nothing was written.',
  'keys-missing':
    'The backup does not hold the key files, and they are not in their place: without them its secrets cannot be read. Put them there first.',
  'passphrase-missing': 'The key files in this backup are sealed with a passphrase. Give it.',
  'passphrase-wrong':
    'The passphrase is not the one the key files of this backup were sealed with. Nothing was written.',
  'passphrase-short': 'A passphrase has at least 12 characters.',
  'file-exists': 'There is a file of this name already. It is not overwritten.',
  'file-unusable': 'The file cannot be used.',
} as const

export type BackupCode = keyof typeof texts

export class BackupProblem extends Error {
  readonly code: BackupCode
  constructor(code: BackupCode, detail?: string, cause?: unknown) {
    super(detail ? `${texts[code]} (${detail})` : texts[code], { cause })
    this.name = 'BackupProblem'
    this.code = code
  }
}
