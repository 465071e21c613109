/** How each of our connections is set up: types, search path, session limits. */
import pg from 'pg'

const int8 = 20

/** bigint becomes a JS number: our counters stay far below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === int8 && format !== 'binary'
      ? Number
      : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
}

/** A forgotten transaction would hold back the outbox for everyone, so the server ends it after a minute. */
const sessionOptions = '-c search_path=muster -c timezone=UTC -c idle_in_transaction_session_timeout=60000'

/** The driver lets the address override everything, so session options given there are joined with ours. `more`: options of these connections alone. */
export function clientConfig(url: string, more = ''): pg.ClientConfig {
  const parsed = new URL(url)
  const options = [parsed.searchParams.get('options'), sessionOptions, more].filter(Boolean).join(' ')
  parsed.searchParams.delete('options')
  return { connectionString: parsed.toString(), options, types, keepAlive: true, application_name: 'muster' }
}
