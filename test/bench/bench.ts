import { measureSignals } from './signals.ts';
import { measureStartUp } from './startup.ts';

for (const measure of [measureStartUp, measureSignals])
  process.stdout.write(`${(await measure()).join('\n')}\n\n`);
