import { type Answer, json } from '../../http/answer.ts';

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
