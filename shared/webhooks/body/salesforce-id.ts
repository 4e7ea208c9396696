const form = /^([A-Za-z0-9]{15})([A-Z0-5]{3})?$/;
const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';

/**
 * The 18 characters of a Salesforce id that has 15 or 18: three more tell which of the 15 are capital letters, five at
 * a time, the first as the lowest bit. Nothing if it is no id, or its last three do not fit.
 */
export function widenSalesforceId(id: string): string | undefined {
  const [, short, given] = form.exec(id) ?? [];
  if (short === undefined) return undefined;
  const suffix = [0, 5, 10].map((at) => digits.charAt(capitals(short.slice(at, at + 5)))).join('');
  return given === undefined || given === suffix ? short + suffix : undefined;
}

function capitals(five: string): number {
  return [...five].reduce((bits, character, at) => (/[A-Z]/.test(character) ? bits | (1 << at) : bits), 0);
}

/** Whether it is the id of an organization. */
export function isOrganizationId(id: string): boolean {
  return id.startsWith('00D') && widenSalesforceId(id) !== undefined;
}
