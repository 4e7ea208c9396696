import type { RelayConfig } from '../../shared/api/config/relay.ts';
import { withSamples } from './samples.ts';
import { withSnapshots } from './snapshots.ts';

/** To try everything there is: a source of webhooks of each kind besides those it has, and snapshots of every group. */
export function forTrial(config: RelayConfig): RelayConfig {
  const { perVisitor } = config.signals;
  // Whoever tries them one after the other is one visitor.
  const signals = { ...config.signals, perVisitor: Math.max(perVisitor, 60) };
  return withSamples(withSnapshots({ ...config, signals }));
}
