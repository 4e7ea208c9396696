/** Every code that a caller can meet, with its HTTP status. Codes are the contract; the words beside them are not. */
export const problemStatus = {
  'invalid-request': 400,
  unauthenticated: 401,
  'forbidden-caller': 403,
  'forbidden-group': 403,
  'forbidden-function': 403,
  'visitor-not-present': 404,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  'payload-too-large': 413,
  'unsupported-media-type': 415,
  'key-reuse': 422,
  'too-many-requests': 429,
  internal: 500,
  'upstream-authorization': 502,
  'upstream-invalid': 502,
  'upstream-unavailable': 503,
  'upstream-timeout': 504,
  'delivery-unknown': 504,
} as const;

export type ProblemCode = keyof typeof problemStatus;

const titles: Record<(typeof problemStatus)[ProblemCode], string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** One fault of a request and its place: a query parameter, a header, or a JSON pointer into the body. */
export type Fault = { detail: string } & ({ parameter: string } | { header: string } | { pointer: string });

interface ProblemOptions {
  faults?: readonly Fault[];
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
}

/** A failure as its caller shall see it. `cause` is for the log; it is never sent. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly faults: readonly Fault[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, { faults = [], headers = {}, cause }: ProblemOptions = {}) {
    super(detail, { cause });
    this.code = code;
    this.faults = faults;
    this.headers = headers;
  }

  get status(): number {
    return problemStatus[this.code];
  }
}

/** An answer in the form in which an API Gateway proxy integration wants it. */
export interface HttpAnswer {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

/** Problem details as in RFC 9457, with `code`, `requestId` and the list of `errors` as its extensions. */
export function problemAnswer(problem: Problem, requestId: string): HttpAnswer {
  const { code, status, message, faults, headers } = problem;
  return {
    statusCode: status,
    headers: { ...headers, 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
    body: JSON.stringify({
      type: 'about:blank',
      title: titles[problemStatus[code]],
      status,
      code,
      detail: message,
      requestId,
      ...(faults.length > 0 && { errors: faults }),
    }),
  };
}
