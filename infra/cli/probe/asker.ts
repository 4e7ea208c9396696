import type { ServerAddress } from '../../../shared/presence/address.ts';
import { failureOf } from '../../../shared/presence/answers.ts';
import {
  type HttpRequest,
  type HttpResponse,
  type ResponseHead,
  type StreamedResponse,
  type Transport,
  TransportError,
} from '../../../shared/presence/transport.ts';
import type { Clock } from '../../../shared/runtime/clock.ts';
import { type Deadline, deadlineIn } from '../../../shared/runtime/deadline.ts';
import { type Finding, finding } from '../report.ts';
import { explain, redirected } from './trouble.ts';

export interface AskerOptions {
  readonly server: ServerAddress;
  readonly token: string;
  readonly transport: Transport;
  readonly deadline: Deadline;
  readonly clock: Clock;
}

type Look<R> = (response: R) => Finding | Promise<Finding>;

/** Of one question. */
const limitMs = 10_000;

/** Puts one question after the other to the load balancer, each once: the first answer is what is to be seen. */
export class Asker {
  readonly #options: AskerOptions;
  #unreachable = false;

  constructor(options: AskerOptions) {
    this.#options = options;
  }

  /** `look` sees the whole of an answer with one of these statuses. What it throws is explained. */
  ask(path: string, statuses: readonly number[], look: Look<HttpResponse>): Promise<Finding> {
    const { transport } = this.#options;
    return this.#asking(statuses, look, (deadline) => transport.exchange(this.#get(path), deadline));
  }

  /** Like `ask`; `look` reads as much of the answer as it wants, and leaves the rest. */
  stream(path: string, statuses: readonly number[], look: Look<StreamedResponse>): Promise<Finding> {
    const { transport } = this.#options;
    return this.#asking(statuses, look, async (deadline) => {
      const response = await transport.stream(this.#get(path), deadline);
      if (response.status !== 200) response.body.destroy();
      return response;
    });
  }

  async #asking<R extends ResponseHead>(
    statuses: readonly number[],
    look: Look<R>,
    send: (deadline: Deadline) => Promise<R>,
  ): Promise<Finding> {
    const { server, deadline, clock } = this.#options;
    if (this.#unreachable) return finding('skipped', 'the Presence service is not to be reached');
    const leftMs = Math.min(limitMs, deadline.remaining());
    if (leftMs <= 0) return finding('skipped', 'no time is left');
    const began = clock.now();
    try {
      const response = await send(deadlineIn(leftMs, clock));
      const { status } = response;
      const head = `${status} in ${Math.round(clock.now() - began)} ms: `;
      if (status >= 300 && status < 400) return redirected(response, server);
      if (!statuses.includes(status)) throw failureOf(response);
      const found = await look(response);
      return { ...found, says: head + found.says };
    } catch (error) {
      this.#unreachable = error instanceof TransportError && !error.sent;
      return explain(error, server, leftMs);
    }
  }

  #get(path: string): HttpRequest {
    const { server, token } = this.#options;
    return { server, method: 'GET', path, token };
  }
}
