import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { serve } from '../shared/api/edge.ts';
import { cancelsignal, readsignal } from '../shared/api/endpoints.ts';
import { openReceipts } from '../shared/api/signal/kept.ts';
import { cancelOwn, readOwn } from '../shared/api/signal/own.ts';
import { receiptOf } from '../shared/api/signal/receipt.ts';
import { once } from '../shared/runtime/once.ts';

const open = once(() => openReceipts(process.env));

const read = serve(readsignal, async (call) => JSON.stringify(receiptOf(await readOwn(call, await open()))));

const cancel = serve(cancelsignal, async (call) =>
  JSON.stringify(receiptOf(await cancelOwn(call, await open()))),
);

/** Either of them tells a call with another method which ones there are. */
export const handler = (event: APIGatewayProxyEvent, context: Context) =>
  event.httpMethod === cancelsignal.method ? cancel(event, context) : read(event, context);
