type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  /** `embedded` makes metrics of the fields: see `embeddedMetrics`. */
  info(event: string, fields?: Fields, embedded?: object): void;
  error(event: string, fields?: Fields, embedded?: object): void;
}

/**
 * One JSON line per event. Fields are scalars that the caller chooses one by one; never hand over a token, a
 * secret, a body or a visitor id.
 */
export function createLog(base: Fields, write: (line: string) => void = toStandardOutput): Log {
  const line = (level: string) => (event: string, fields?: Fields, embedded?: object) => {
    const timestamp = new Date().toISOString();
    write(`${JSON.stringify({ timestamp, level, event, ...base, ...fields, _aws: embedded })}\n`);
  };
  return { info: line('INFO'), error: line('ERROR') };
}

function toStandardOutput(line: string): void {
  process.stdout.write(line);
}
