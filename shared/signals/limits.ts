/**
 * How `deliver` and its queue keep time. Everything follows from how long the function may run: whoever holds a claim is
 * dead before it ends, and the claim has ended before the queue gives the message to somebody else.
 */
export const deliverSeconds = 30;
export const leaseSeconds = deliverSeconds + 5;
export const visibilitySeconds = 2 * deliverSeconds;

/** SQS takes so much, of one message and of a batch. */
export const mostQueueBytes = 1_048_576;
