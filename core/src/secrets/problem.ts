/** What can be wrong with keys and sealed values, in words that say what to do. */

const texts = {
  'key-file-missing':
    'The key file is missing, but the database holds what was made with it. Put the key file back from your backup.',
  'key-file-exposed':
    'The key file can be read by others. Set its mode to 600, and change the key if others may have read it.',
  'key-file-malformed': 'The key file does not hold a key of the right kind. Put it back from your backup.',
  'key-file-unwritable': 'The key file cannot be made. Check that its folder exists and is writable.',
  'wrong-master': 'The master key is not the one this database was sealed with. Give the right key file.',
  'sealed-malformed': 'The stored value is not a sealed secret.',
  'sealed-elsewhere': 'The stored value was changed, or sealed for another place. It is not used.',
  'unknown-data-key': 'The stored value was sealed with a data key that this database does not hold.',
} as const

export type SecretCode = keyof typeof texts

export class SecretProblem extends Error {
  readonly code: SecretCode
  constructor(code: SecretCode, detail?: string, cause?: unknown) {
    super(detail ? `${texts[code]} (${detail})` : texts[code], { cause })
    this.name = 'SecretProblem'
    this.code = code
  }
}
