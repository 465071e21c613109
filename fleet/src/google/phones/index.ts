/** The door of the phones. */
export { createPhones, type PhoneLine } from './phones.ts'
