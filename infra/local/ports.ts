/** How many named servers the Presence emulator of a local run has. */
export const namedServers = 2;

/** How many ports a local run takes, from the relay's on. */
export const portCount = 9 + namedServers;

/** Where a local run listens, by the port of its relay; 0: any free ports. The named servers follow `presence`. */
export function portsFrom(port: number) {
  const at = (offset: number) => (port === 0 ? 0 : port + offset);
  return {
    relay: at(0),
    presence: at(1),
    site: at(2 + namedServers),
    secrets: at(3 + namedServers),
    queues: at(4 + namedServers),
    table: at(5 + namedServers),
    events: at(6 + namedServers),
    bucket: at(7 + namedServers),
    functions: at(8 + namedServers),
  };
}
