import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { withEveryRight } from '../local/caller.ts';
import { type GlanceAddresses, withGlanceAt } from '../local/glance.ts';
import { forTrial } from '../local/trial.ts';

/** What senders sign who sign an address: that of the relay is not known before there is one. */
export const publicUrl = 'https://relay.example';

/** Who would hear of alarms. No emulator sends mail. */
const alarms = { email: 'alarms@relay.example' };

/**
 * What is deployed on an AWS emulator: the relay as configured, with an emulator in the place of Glance too, and with
 * everything there is to try. What is of the company's account and is not there (a domain, a firewall, topics and keys)
 * is left out, and so is what outlives the stack.
 */
export function emulatedConfig(
  { domain: _, waf: __, alarms: ___, ...own }: RelayConfig,
  glance: GlanceAddresses,
): RelayConfig {
  const { keyArn: ____, ...snapshots } = own.snapshots;
  const trial = withEveryRight(forTrial({ ...own, snapshots, publicUrl, alarms, ephemeral: true }));
  return withGlanceAt(trial, glance);
}
