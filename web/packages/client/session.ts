/** Who is signed in, kept in localStorage under one key per app. */
export interface Session<Person = unknown> {
  accessToken: string
  refreshToken: string
  /** Milliseconds since the epoch, by this machine's clock. */
  expiresAt: number
  person: Person
}

/** The answer of the three sign-in routes and of the refresh. */
export interface TokenAnswer {
  access_token: string
  refresh_token: string
  expires_in: number
  viewer?: unknown
  staff?: unknown
}

/**
 * Reads and writes one app's session. Other tabs of the same app see a change
 * by the `storage` event, so that signing out in one signs out all.
 */
export class SessionStore<Person> {
  private readonly key: string
  private readonly listeners = new Set<(session: Session<Person> | null) => void>()

  constructor(app: 'viewer' | 'host' | 'desk') {
    this.key = `yinbo.${app}.session`
    window.addEventListener('storage', (event) => {
      if (event.key === this.key) this.tell()
    })
  }

  read(): Session<Person> | null {
    const raw = localStorage.getItem(this.key)
    if (!raw) return null
    try {
      const session = JSON.parse(raw) as Session<Person>
      return session.accessToken && session.refreshToken ? session : null
    } catch {
      return null
    }
  }

  /** Keeps the person known so far when the answer names none (a refresh may not). */
  accept(answer: TokenAnswer): Session<Person> {
    const person = (answer.viewer ?? answer.staff ?? this.read()?.person ?? null) as Person
    const session: Session<Person> = {
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token,
      expiresAt: Date.now() + answer.expires_in * 1000,
      person,
    }
    localStorage.setItem(this.key, JSON.stringify(session))
    this.tell()
    return session
  }

  clear(): void {
    localStorage.removeItem(this.key)
    this.tell()
  }

  onChange(listener: (session: Session<Person> | null) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Runs alone over all tabs of this app: a refresh token may be spent only once. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (!navigator.locks) return work()
    return navigator.locks.request(this.key + '.refresh', work) as Promise<T>
  }

  private tell(): void {
    const session = this.read()
    for (const listener of this.listeners) listener(session)
  }
}
