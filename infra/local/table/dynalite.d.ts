declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** A server that is not listening yet, with tables in memory. A new table is of use after so many milliseconds. */
  export default function dynalite(options: { createTableMs: number }): Server;
}
