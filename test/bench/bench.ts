import { measureSignals } from './signals.ts';
import { measureSnapshotSizes } from './snapshots.ts';
import { measureStartUp } from './startup.ts';

for (const measure of [measureStartUp, measureSignals, measureSnapshotSizes])
  process.stdout.write(`${(await measure()).join('\n')}\n\n`);
