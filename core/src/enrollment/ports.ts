/** What enrolment asks of rooms above it, given at construction; each works in the caller's transaction. */
import type { JsonObject } from '@muster/contract'
import type { Tx } from '../db/index.ts'

export interface EnrollmentPorts {
  /** Operations: what waits on these channels moves to history as cancelled, `epoch closed`. */
  closeEpoch(tx: Tx, channels: readonly number[]): Promise<void>
  /** Approvals: one more device that this actor lets go alone. Problem `approval-needed`. */
  demandRemoval(tx: Tx, actor: string): Promise<void>
  /** Operations: queues `device.disenrol` on the channel. */
  sendDisenrol(tx: Tx, o: { device: number; channel: number; actor: string }): Promise<void>
  /** Devices: writes reported facts and the typed columns that follow from them, each device once. */
  writeFacts(tx: Tx, reports: readonly { device: number; facts: JsonObject }[]): Promise<void>
  /** Certificates: all unrevoked ones of these channels. */
  revokeCertificates(tx: Tx, channels: readonly number[], reason: string): Promise<void>
  /** Certificates: one for the key of this PKCS#10 request, bound to no channel yet; `instead`: in place of the one with this fingerprint; `name`: of the subject. Problems: invalid-request (`csr`), invitation-used. */
  certify(invitation: number, csr: Uint8Array, o?: { instead?: Uint8Array; name?: string }): Promise<Buffer[]>
  /** A new owner or ownership gave a device new channels: move what is kept per channel and outlives the epoch (escrow, settings). */
  moveChannels(tx: Tx, moved: readonly { from: number; to: number }[]): Promise<void>
  /** The name that a person sees before enrolling. */
  organisation(): string | Promise<string>
}
