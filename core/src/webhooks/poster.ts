/** The way out: given by the server, which knows HTTP and which addresses may be called. */
export interface PostAnswer {
  status: number
  /** Seconds to wait before the next try, when the other side says so. */
  retryAfterS?: number
}
export interface Poster {
  /** Why this address is never called, as far as that can be told without asking for its name; undefined when it may be. */
  refusal(url: URL): string | undefined
  /** One POST: no redirects, bounded in time and size. Throws an Error whose message says what went wrong. */
  post(o: {
    url: string
    headers: Readonly<Record<string, string>>
    body: string
    signal: AbortSignal
  }): Promise<PostAnswer>
}
