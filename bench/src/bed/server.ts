/** The real server with its limits out of the way: all simulated devices come from one address, where no fleet does. */
import { serve } from '@muster/server'

const limits = { public: 1e9, device: 1e9 }
process.exit(await serve(process.env, { limits }))
