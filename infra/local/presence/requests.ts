import { Recent } from './recent.ts';

export interface RequestRecord {
  readonly at: string;
  readonly endpoint: string;
  /** 0: the connection ended, or hung, without an answer. */
  readonly status: number;
  /** The server that was called: `presence` (the load balancer), `pr0001`, … */
  readonly server: string;
  readonly visitorid?: string;
}

/** What was asked of the emulator. Holds no token. */
export class Requests {
  readonly #counts = new Map<string, Map<number, number>>();
  readonly #last = new Recent<RequestRecord>(1_000);

  record(request: RequestRecord): void {
    const counts = this.#counts.get(request.endpoint) ?? new Map<number, number>();
    counts.set(request.status, (counts.get(request.status) ?? 0) + 1);
    this.#counts.set(request.endpoint, counts);
    this.#last.add(request);
  }

  count(endpoint: string): number {
    return [...(this.#counts.get(endpoint)?.values() ?? [])].reduce((sum, count) => sum + count, 0);
  }

  /** By endpoint and status. */
  counts(): Record<string, Record<string, number>> {
    return Object.fromEntries(
      [...this.#counts].map(([endpoint, counts]) => [endpoint, Object.fromEntries(counts)]),
    );
  }

  last(): RequestRecord[] {
    return this.#last.list();
  }

  clear(): void {
    this.#counts.clear();
    this.#last.clear();
  }
}
