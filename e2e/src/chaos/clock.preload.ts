/** Loaded before a server: its clock (Date, not its timers) steps whenever SIGUSR2 comes, through the steps named by MUSTER_CHAOS_CLOCK_STEPS (milliseconds). */
const steps = (process.env.MUSTER_CHAOS_CLOCK_STEPS ?? '').split(',').filter(Boolean).map(Number)
const TrueDate = Date
let offsetMs = 0

const now = () => TrueDate.now() + offsetMs
const SteppedDate = new Proxy(TrueDate, {
  construct: (target, args: unknown[], newTarget) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as object,
  apply: () => new TrueDate(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown)),
})
globalThis.Date = SteppedDate

process.on('SIGUSR2', () => {
  offsetMs = steps.shift() ?? 0
})
