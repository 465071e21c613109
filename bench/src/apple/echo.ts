/** The yardstick of Apple's polls: a bare node:http server that reads a body, parses nothing, verifies one RSA signature, and answers nothing. */
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const content = Buffer.alloc(300, 'what a device says ')
const signature = sign('sha256', content, privateKey)

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const true_ = chunks.length > 0 && verify('sha256', content, publicKey, signature)
    response.writeHead(true_ ? 200 : 400, { 'content-length': 0 })
    response.end()
  })
})
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit())
