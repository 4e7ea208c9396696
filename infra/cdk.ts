import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';

interface CdkRun {
  /** Beside the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Gets each line that it says, as soon as it does. */
  readonly line?: (text: string) => void;
  /** Ends it when it aborts: what CloudFormation is about to do, it goes on with. */
  readonly signal?: AbortSignal;
  /** Keeps Ctrl-C at the terminal from it, so that this program alone says when it ends. */
  readonly shielded?: boolean;
}

const root = path.resolve(import.meta.dirname, '..');

/** The CDK's own command, of the version that this package has. */
function command(): string {
  const require = createRequire(import.meta.url);
  return path.join(path.dirname(require.resolve('aws-cdk/package.json')), 'bin/cdk');
}

/** What stays to be told of a run that failed: its end, where it says why. */
const keptLines = 40;

/** The CDK did not do what it was told. */
export class CdkError extends Error {
  override readonly name = 'CdkError';
  /** The end of what it said. */
  readonly lines: readonly string[];

  constructor(message: string, lines: readonly string[]) {
    super(message);
    this.lines = lines;
  }
}

/**
 * Runs `cdk` with these arguments, in the folder of this package. Throws a CdkError when it fails; and, once it is gone,
 * what the signal is aborted with.
 */
export async function runCdk(
  args: readonly string[],
  { environment = {}, line = () => {}, signal, shielded = false }: CdkRun = {},
): Promise<void> {
  signal?.throwIfAborted();
  const child = spawn(process.execPath, [command(), ...args, '--no-notices', '--no-color'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment, CDK_DISABLE_CLI_TELEMETRY: 'true', CI: 'true' },
    // A group of processes of its own, which the terminal does not know.
    detached: shielded,
  });
  const stop = () => end(child, shielded);
  signal?.addEventListener('abort', stop, { once: true });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (text) => {
      said.push(text);
      if (said.length > keptLines) said.shift();
      line(text);
    });
  }
  const [code] = (await once(child, 'close')) as [number | null]; // what Node says of this event
  signal?.removeEventListener('abort', stop);
  signal?.throwIfAborted();
  if (code !== 0) throw new CdkError(`cdk ${args[0]} failed`, said);
}

/** With all that it has started, where that is a group. */
function end(child: ChildProcess, isGroup: boolean): void {
  try {
    if (isGroup && child.pid !== undefined) process.kill(-child.pid);
    else child.kill();
  } catch {
    child.kill();
  }
}
