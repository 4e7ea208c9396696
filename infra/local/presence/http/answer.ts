export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Pieces are written one by one, no faster than the client reads. */
  readonly body: string | Iterable<string>;
}

/** An answer in the shape of Glance's errors, thrown from wherever it is found out. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly answer: Answer;

  constructor(status: number, err: string, msg: string, headers: Readonly<Record<string, string>> = {}) {
    super(msg);
    this.answer = json({ err, msg }, status, headers);
  }
}

export function badRequest(msg: string): Refusal {
  return new Refusal(400, 'badrequest', msg);
}

export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
    body: JSON.stringify(value),
  };
}
