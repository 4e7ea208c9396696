import { UsageError } from '../../command.ts';
import { Refusal } from '../presence/http/refusal.ts';
import { switchFromText, withSwitches } from '../presence/switches.ts';

/** What the option `--switch name=value`, given several times, asks of the emulator. Throws a UsageError. */
export function switchesOf(texts: readonly string[]) {
  try {
    return withSwitches(Object.assign({}, ...texts.map(switchFromText)));
  } catch (error) {
    if (error instanceof Refusal) throw new UsageError(`--switch ${error.message}`, { cause: error });
    throw error;
  }
}
