/** The door of DM accounts: what a device and this server prove themselves with inside OMA DM. */
export {
  type Accounts,
  accountMigration,
  accountName,
  createAccounts,
  type DmAccount,
  type Level,
  type Secret,
} from './account.ts'
