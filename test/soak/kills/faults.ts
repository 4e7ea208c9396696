import type { FaultRequest } from '../../../infra/local/presence/faults.ts';

type Fault = FaultRequest['fault'];

/** What goes wrong with a signal on its way to the visitor's server. */
const onTheWay: readonly (readonly [weight: number, fault: Fault])[] = [
  [4, { kind: 'status', status: 503 }],
  [2, { kind: 'status', status: 503, retryAfter: 2 }],
  [2, { kind: 'status', status: 429, retryAfter: 1 }],
  [2, { kind: 'status', status: 500 }],
  [2, { kind: 'status', status: 500, deliver: true }],
  [2, { kind: 'reset' }],
  [2, { kind: 'reset', deliver: true }],
  [1, { kind: 'cut', deliver: true }],
  [3, { kind: 'latency', ms: 1_500 }],
  [2, { kind: 'status', status: 404, body: { err: 'visitornotpresent', msg: 'gone' } }],
  [1, { kind: 'status', status: 400 }],
  [0.3, { kind: 'hang' }],
];

/** What goes wrong when the visitor's server is asked for. */
const onFind: typeof onTheWay = [
  [3, { kind: 'status', status: 503 }],
  [2, { kind: 'status', status: 429, retryAfter: 1 }],
  [2, { kind: 'reset' }],
  [2, { kind: 'latency', ms: 1_500 }],
  [1, { kind: 'moved' }],
  [0.5, { kind: 'malformed' }],
];

/** One of them, for this visitor. */
export function anyFault(visitorid: string, random: () => number): FaultRequest {
  const endpoint = random() < 0.3 ? 'findvisitor' : 'signalvisitor';
  const faults = endpoint === 'findvisitor' ? onFind : onTheWay;
  let dice = random() * faults.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, fault] of faults) {
    dice -= weight;
    if (dice < 0) return { endpoint, visitorid, fault };
  }
  throw new Error('there are no faults');
}
