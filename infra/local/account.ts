/** The account that everything on this machine belongs to. */
export const accountId = '000000000000';
export const region = 'us-east-1';
