import createClient, { type Client } from 'openapi-fetch'
import type { paths } from './schema'
import { ApiError, errorFrom } from './errors'
import type { SessionStore, TokenAnswer } from './session'

/** Where the API lives; always this origin, as the CSP demands. */
export const apiBase = '/api/v1'

export interface ApiOptions<Person> {
  session: SessionStore<Person>
  /** The language of titles and details: `zh-CN` or `en`. */
  locale: () => string
  /** The bank's slug for calls made before there is a token; empty means the server's choice. */
  bank: () => string
}

export interface Api<Person> {
  /** The typed client; give its promise to `unwrap`. */
  http: Client<paths>
  session: SessionStore<Person>
  /** A token good for at least 30 s more, refreshed if need be; null for a guest. */
  accessToken(): Promise<string | null>
  /** New tokens now: what may be done has changed. */
  renew(): Promise<void>
}

const callTimeout = 20_000
const freshFor = 30_000

/** Builds an app's API client: language, bank, token, one refresh, typed errors. */
export function createApi<Person>(options: ApiOptions<Person>): Api<Person> {
  const { session } = options

  const dress = (request: Request, token: string | null): Request => {
    const dressed = new Request(request)
    dressed.headers.set('Accept-Language', options.locale())
    if (options.bank()) dressed.headers.set('X-Bank', options.bank())
    if (token) dressed.headers.set('Authorization', `Bearer ${token}`)
    return dressed
  }

  /** The new access token, or null when the session is over. */
  const refresh = (spent: string): Promise<string | null> =>
    session.exclusively(async () => {
      const current = session.read()
      if (!current) return null
      if (current.accessToken !== spent) return current.accessToken
      const response = await send(
        dress(
          new Request(location.origin + apiBase + '/auth/refresh', {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify({ refresh_token: current.refreshToken }),
          }),
          null,
        ),
      )
      if (response.ok) return session.accept((await response.json()) as TokenAnswer).accessToken
      if (response.status === 401) {
        session.clear()
        return null
      }
      throw errorFrom(response, await response.json().catch(() => null))
    })

  const accessToken = async (): Promise<string | null> => {
    const current = session.read()
    if (!current) return null
    if (current.expiresAt - Date.now() > freshFor) return current.accessToken
    return refresh(current.accessToken)
  }

  const authorised = async (request: Request): Promise<Response> => {
    const token = request.url.includes('/auth/') ? null : await accessToken()
    const response = await send(dress(request.clone(), token))
    if (response.status !== 401 || !token) return response
    const renewed = await refresh(token)
    return renewed ? send(dress(request, renewed)) : response
  }

  const logoutAware = (request: Request): Promise<Response> => {
    // Signing out is the one auth route that says who is leaving.
    if (request.url.endsWith('/auth/logout')) return send(dress(request, session.read()?.accessToken ?? null))
    return authorised(request)
  }

  return {
    http: createClient<paths>({ baseUrl: location.origin + apiBase, fetch: logoutAware }),
    session,
    accessToken,
    async renew() {
      const current = session.read()
      if (current) await refresh(current.accessToken)
    },
  }
}

/** One call with a time limit; network failures become an `ApiError` of status 0. */
async function send(request: Request): Promise<Response> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), callTimeout)
  const forward = () => abort.abort()
  request.signal.addEventListener('abort', forward)
  try {
    return await fetch(new Request(request, { signal: abort.signal }))
  } catch (cause) {
    if (request.signal.aborted) throw cause
    const code = abort.signal.aborted ? 'client.timeout' : 'client.offline'
    throw new ApiError({ code, title: '', status: 0 })
  } finally {
    clearTimeout(timer)
    request.signal.removeEventListener('abort', forward)
  }
}

/** The data of a typed call, or an `ApiError`. */
export async function unwrap<T>(
  call: Promise<{ data?: unknown; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call
  if (!response.ok) throw errorFrom(response, error)
  return data as T
}
