/** Whether the SSH server of this machine says its greeting (RFC 4253 section 4.2) where its configuration has it listen. */
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SshdConfig } from './sshd-config.ts'

const onceMs = 3000

/** Asks again until so many milliseconds have passed. Without a configuration nobody answers. */
export async function sshAnswers(config: SshdConfig | undefined, patienceMs: number): Promise<boolean> {
  if (!config) return false
  const until = performance.now() + patienceMs
  for (;;) {
    if (await greets(portOf(config))) return true
    if (performance.now() >= until) return false
    await sleep(500)
  }
}

function portOf(config: SshdConfig): number {
  const port = Number(config.values.get('port')?.value ?? 22)
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : 22
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port, timeout: onceMs })
    let said = ''
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('latin1')).slice(0, 1024)
      if (/^SSH-/m.test(said)) end(true)
    })
    socket.on('error', () => end(false))
    socket.on('timeout', () => end(false))
    socket.on('close', () => end(false))
  })
}
