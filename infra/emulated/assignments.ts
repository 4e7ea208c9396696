/**
 * Variables as a shell takes them in front of a command, in another terminal than this one. What has to be nothing stands
 * there only where it is something here: both are of the same person.
 */
export function assignments(
  variables: Readonly<Record<string, string>>,
  own: NodeJS.ProcessEnv = process.env,
): string[] {
  return Object.entries(variables)
    .filter(([name, value]) => value || own[name])
    .map(([name, value]) => `${name}=${quoted(value)}`);
}

function quoted(value: string): string {
  return /^[\w./:@,+-]*$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}
