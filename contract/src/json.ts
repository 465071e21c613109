/** The plain data that crosses every border of Muster: JSON values, JSON Schemas and raw bytes. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }
/** JSON Schema draft 2020-12, as `z.toJSONSchema` makes it. */
export type Schema = { [key: string]: unknown }
export type Bytes = Uint8Array
