import { defineRelay, type RelayConfig } from '../../shared/api/config/relay.ts';
import { grantable } from '../../shared/api/endpoints.ts';
import { accountId } from './account.ts';

/** The role of whoever calls where nobody in particular does. */
export const callerRole = 'local-caller';
const roleId = 'AROALOCALCALLER000000';

/** What API Gateway tells of a caller who need not say who it is. */
export const nobody = {
  accessKey: null,
  accountId: null,
  apiKey: null,
  apiKeyId: null,
  caller: null,
  clientCert: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  user: null,
  userArn: null,
};

/** Calls on this machine are not signed: all come from this one caller, as API Gateway would tell of it. */
export const localCaller = {
  ...nobody,
  accessKey: 'ASIALOCALCALLER00000',
  accountId,
  caller: `${roleId}:local`,
  user: `${roleId}:local`,
  userArn: `arn:aws:sts::${accountId}:assumed-role/${callerRole}/local`,
};

/** The configuration with one caller, who may do whatever any of its callers may, and query. */
export function withEveryRight(config: RelayConfig): RelayConfig {
  const lists = Object.values(config.callers).map(({ invocable }) => invocable);
  const everything = {
    groups: Object.keys(config.groups),
    endpoints: grantable.map(({ name }) => name),
    ...(lists.length > 0 && { invocable: [...new Set(lists.flat())] }),
  };
  return defineRelay({ ...config, callers: { [callerRole]: everything } });
}
