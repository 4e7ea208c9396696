// Preloaded before any TypeScript, because an older Node could not even read it to complain.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(`Presence Relay needs Node.js 24 or newer; this is ${process.version}.`);
  process.exit(1);
}
