/** The door of the catalogue's words. */
export { useFeatureWords } from './feature-words.ts'
export { useOperationWords } from './operation-words.ts'
