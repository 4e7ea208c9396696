import config from '../../relay.config.ts';
import { withSamples } from './samples.ts';

/** What a local run relays: the same, and a source of webhooks of each kind to try. */
export default withSamples(config);
