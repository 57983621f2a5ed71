import type { BindOptions } from '@kaon/interface/network/v1';
import { failure } from './failure.ts';

/** Gives out port numbers as a host does. */
export class Ports {
  #next = FIRST_EPHEMERAL_PORT;

  /** The port that is asked for, or a free one. Throws `EADDRINUSE`. */
  pick(address: string, { port, portRange }: BindOptions, isFree: (port: number) => boolean): number {
    if (portRange !== undefined) {
      for (let candidate = portRange[0]; candidate <= portRange[1]; candidate++)
        if (isFree(candidate)) return candidate;
      throw failure('EADDRINUSE', `${address} ${portRange[0]}-${portRange[1]}`);
    }
    if (port !== undefined && port !== 0) {
      if (isFree(port)) return port;
      throw failure('EADDRINUSE', `${address}:${port}`);
    }
    for (let tries = FIRST_EPHEMERAL_PORT; tries < 65_536; tries++) {
      const candidate = this.#next;
      this.#next = candidate === 65_535 ? FIRST_EPHEMERAL_PORT : candidate + 1;
      if (isFree(candidate)) return candidate;
    }
    throw failure('EADDRINUSE', address);
  }
}

const FIRST_EPHEMERAL_PORT = 49_152;
