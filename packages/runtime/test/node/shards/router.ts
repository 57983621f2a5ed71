import type { TransportAddress } from '@kaon/interface/core/v1';
import type { DatagramRouter } from '../../../src/node/index.ts';

/** A simple rule: byte 0 is a greeting to the shard in byte 1; byte 1 an answer that any may want; all else goes by address. */
export function simpleRouter(): DatagramRouter {
  const owners = new Map<string, number>();
  const key = ({ address, port }: TransportAddress): string => `${address} ${port}`;
  return {
    route(bytes, remote) {
      if (bytes[0] === 1) return 'any';
      const known = owners.get(key(remote));
      if (bytes[0] === 0 && known === undefined) owners.set(key(remote), bytes[1] ?? 0);
      return bytes[0] === 0 ? bytes[1] : known;
    },
    sent: () => {},
    prefer: (remote, shard) => void owners.set(key(remote), shard),
    remove(shard) {
      for (const [address, owner] of owners) if (owner === shard) owners.delete(address);
    },
  };
}
