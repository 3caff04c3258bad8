/** The body of an RFC 9457 answer, as every refusal of the API carries it. */
export interface Problem {
  type?: string
  title: string
  status: number
  detail?: string
  /** Stable and dotted; the only part that code may branch on. */
  code: string
  request_id?: string
  errors?: FieldProblem[] | null
}

export interface FieldProblem {
  field: string
  code: string
  message: string
}

/**
 * What a failed call throws. `code` is the server's own, or one of ours:
 * `client.offline` (nothing came back), `client.timeout`, `client.unreadable`
 * (an answer that is no problem+json, such as a proxy's page).
 */
export class ApiError extends Error {
  readonly code: string
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly requestId: string
  readonly fields: FieldProblem[]
  /** Seconds that the server asked to wait, or 0. */
  readonly retryAfter: number

  constructor(problem: Problem, retryAfter = 0) {
    super(problem.detail || problem.title)
    this.name = 'ApiError'
    this.code = problem.code
    this.status = problem.status
    this.title = problem.title
    this.detail = problem.detail ?? ''
    this.requestId = problem.request_id ?? ''
    this.fields = problem.errors ?? []
    this.retryAfter = retryAfter
  }

  /** The outcome is not known: the same idempotency key must be asked again. */
  get unknownOutcome(): boolean {
    return this.status === 0 || this.status >= 500 || this.code === 'idempotency.in_flight'
  }

  /** The message for one field of the form that was sent, if the server named it. */
  field(name: string): string {
    return this.fields.find((f) => f.field === name || f.field.endsWith('.' + name))?.message ?? ''
  }
}

/** Makes the error of a refusal from its body as read; any body will do. */
export function errorFrom(response: Response, body: unknown): ApiError {
  const retryAfter = Number(response.headers.get('Retry-After')) || 0
  const requestId = response.headers.get('X-Request-Id') ?? ''
  const problem = (body && typeof body === 'object' ? body : {}) as Partial<Problem>
  return new ApiError(
    {
      ...problem,
      code: typeof problem.code === 'string' ? problem.code : 'client.unreadable',
      title: problem.title ?? '',
      status: response.status,
      request_id: problem.request_id || requestId,
    },
    retryAfter,
  )
}
