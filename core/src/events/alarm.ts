/** A sleep that a ring ends early; a ring that comes before it makes it none. */
export interface Alarm {
  ring(): void
  sleep(ms: number): Promise<void>
}

export function createAlarm(): Alarm {
  let rung = false
  let end: (() => void) | undefined

  async function sleep(ms: number) {
    if (!rung) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        timer.unref()
        end = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    end = undefined
    rung = false
  }

  return {
    ring: () => {
      rung = true
      end?.()
    },
    sleep,
  }
}
