import { serve } from '../shared/api/edge.ts';
import { signalvisitor } from '../shared/api/endpoints.ts';
import { keep } from '../shared/api/signal/keep.ts';
import { openKept } from '../shared/api/signal/kept.ts';
import { send } from '../shared/api/signal/send.ts';
import { sendOnce } from '../shared/api/signal/send-once.ts';
import { traced } from '../shared/api/signal/trace.ts';
import { once } from '../shared/runtime/once.ts';

/** A call with neither header never asks for it. */
const open = once(() => openKept(process.env));

export const handler = serve(signalvisitor, (call) =>
  traced(call, async (trace) => {
    const { TTL, 'Idempotency-Key': key } = call.headers;
    if (TTL !== undefined) return await keep(call, trace, await open());
    if (key !== undefined) return await sendOnce(call, trace, await open());
    return await send(call, trace);
  }),
);
