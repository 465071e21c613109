/** Passwords: argon2id, kept in the PHC string form so that the parameters may grow. */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { Problem } from '@muster/contract'

const derive = promisify(argon2)
/** OWASP's second choice: 19 MiB, 2 passes, 1 lane; about 50 ms here. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 }
/** What a kept hash may ask for (RFC 9106 section 3.1, and an end to what it may cost us). */
const bounds = { memory: 262_144, passes: 16, parallelism: 16, salt: 8, tag: 16 }
const length = { least: 10, most: 256, salt: 16, tag: 32 }

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(length.salt)
  const tag = await derive('argon2id', {
    message: password.normalize('NFKC'),
    nonce: salt,
    tagLength: length.tag,
    ...cost,
  })
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${bare(salt)}$${bare(tag)}`
}

/** False for a wrong password and for a text that is no hash. */
export async function verifyPassword(password: string, phc: string): Promise<boolean> {
  const read = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(phc)
  if (!read) return false
  const [memory, passes, parallelism] = [Number(read[1]), Number(read[2]), Number(read[3])]
  const [nonce, wanted] = [Buffer.from(read[4]!, 'base64'), Buffer.from(read[5]!, 'base64')]
  const sound =
    nonce.length >= bounds.salt &&
    wanted.length >= bounds.tag &&
    parallelism >= 1 &&
    parallelism <= bounds.parallelism &&
    passes >= 1 &&
    passes <= bounds.passes &&
    memory >= 8 * parallelism &&
    memory <= bounds.memory
  if (!sound) return false
  const got = await derive('argon2id', {
    message: password.normalize('NFKC'),
    nonce,
    tagLength: wanted.length,
    memory,
    passes,
    parallelism,
  })
  return timingSafeEqual(got, wanted)
}

/** Length is what counts (NIST SP 800-63B 5.1.1.2); the name itself is no password. */
export function checkPassword(password: string, name: string): void {
  const refuse = (message: string): never => {
    throw new Problem('invalid-request', { errors: [{ path: 'password', message }] })
  }
  if ([...password].length < length.least) refuse(`has fewer than ${length.least} characters`)
  if (password.length > length.most) refuse(`has more than ${length.most} characters`)
  if (!password.isWellFormed() || password.includes('\0')) refuse('holds a character that cannot be kept')
  if (password.toLowerCase() === name.toLowerCase()) refuse('is the same as the user name')
}

const bare = (b: Uint8Array) => Buffer.from(b).toString('base64').replace(/=+$/, '')
