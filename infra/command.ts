import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The command was called wrongly: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Runs a command line program: what it throws becomes one line on standard error, and an exit code. */
export async function runCommand(main: () => Promise<void>): Promise<void> {
  // Who reads the output may have had enough of it, as `head` has.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    process.stderr.write(`standard output: ${oneLine(error)}\n`);
    process.exit(1);
  });
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${oneLine(error)}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

/** Resolves at Ctrl-C, or when the process is asked to end. A second one ends it at once. */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    const interrupted = () => {
      process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
      resolve();
    };
    process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
  });
}

/** The options of a command that takes nothing else. Throws a UsageError. */
export function readOptions<const Options extends NonNullable<ParseArgsConfig['options']>>(options: Options) {
  return readArguments(options, false).values;
}

/** Like parseArgs, strictly. Throws a UsageError. */
export function readArguments<const Options extends NonNullable<ParseArgsConfig['options']>>(
  options: Options,
  allowPositionals = true,
) {
  try {
    return parseArgs({ options, strict: true, allowPositionals });
  } catch (cause) {
    throw new UsageError(`${oneLine(cause)}; --help tells more`, { cause });
  }
}

/** The whole number that an option was given. Throws a UsageError outside of `least` to `most`. */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`--${option} is a whole number from ${least} to ${most}`);
}

/** One line of JSON for scripts, or what people like to read. */
export function printReady(forScripts: object, forPeople: string, json = !process.stdout.isTTY): void {
  process.stdout.write(json ? `${JSON.stringify(forScripts)}\n` : forPeople);
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s*\n\s*/g, ' ');
}
