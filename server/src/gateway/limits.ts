/** How much each kind of caller may ask of one node. */

/** Points per minute; devices per 10 s. */
export interface Limits {
  read: number
  write: number
  public: number
  /** Sign-ins, from one address. */
  signIn: number
  /** Token requests with one client's credentials. */
  token: number
  /** Refused token requests and registrations, from one address. */
  refused: number
  device: number
  /** Device requests refused for their credential, from one address. */
  deviceRefused: number
}
export const defaultLimits: Limits = {
  read: 6_000,
  write: 3_000,
  public: 6_000,
  signIn: 60,
  token: 12_000,
  refused: 120,
  device: 600,
  deviceRefused: 1_000,
}
