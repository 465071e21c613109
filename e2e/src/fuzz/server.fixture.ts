/** The server that is attacked: a process of its own, so that its end and its memory are seen from outside; its throttles are wide open, or they would shield what stands behind them. */
import { optionsOf, startServer } from '@muster/server'

const wide = 1_000_000_000
const limits = {
  read: wide,
  write: wide,
  public: wide,
  signIn: wide,
  token: wide,
  refused: wide,
  device: wide,
  deviceRefused: wide,
}
const server = await startServer({ ...optionsOf(process.env), portal: false, limits })
process.send?.(server.ports)
process.on('SIGTERM', () => void server.stop().then(() => process.exit(0)))
process.on('disconnect', () => process.exit(1))
