/** Loaded into the server under measurement: tells over the message channel what memory is in use once garbage is collected. */

process.on('message', (message) => {
  if (message !== 'memory') return
  gc()
  // Buffers give their memory back only after their owners were collected.
  setTimeout(() => {
    gc()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    process.send?.({ used: heapUsed + arrayBuffers })
  }, 50)
})
process.on('disconnect', () => process.exit())
process.channel?.unref()

function gc(): void {
  if (!globalThis.gc) throw new Error('the probe needs --expose-gc')
  globalThis.gc()
}
