// Preloaded before any TypeScript, because an older Node could not even read it to complain.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(`Presence Relay needs Node.js 24 or newer; this is ${process.version}.\n`);
  process.exit(1);
}
