import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { UdpSocket } from '@kaon/interface/network/v1';
import { nodeCrypto } from '@kaon/runtime/node';
import { parseUri } from '@kaon/stun';
import type { Host, Simulation } from '@kaon/testing';
import {
  openRelays,
  type RelayedAbout,
  type RelayFailure,
  type RelayOptions,
  type Relays,
  type RelayToken,
} from '../../src/relay/index.ts';

/** A URL, or one with other credentials than u and p. */
export type Server =
  | string
  | { readonly url: string; readonly username?: string; readonly credential?: string | RelayToken };

/** Relays on a simulated host, and all that was told of them. */
export interface Told {
  readonly relays: Relays;
  readonly sockets: UdpSocket[];
  readonly about: RelayedAbout[];
  readonly errors: RelayFailure[];
  readonly gone: { readonly socket: UdpSocket; readonly error: Error | undefined }[];
  isSettled: boolean;
}

/** Opens relays with every address of the host as a base, but not loopback. */
export function open(sim: Simulation, host: Host, servers: readonly Server[], options: RelayOptions = {}): Told {
  const crypto: CryptoProvider = Object.create(nodeCrypto, { random: { value: sim.random.fork('relays') } });
  const bases = host.interfaces().filter(({ internal }) => !internal);
  const sockets: UdpSocket[] = [];
  const about: RelayedAbout[] = [];
  const errors: RelayFailure[] = [];
  const gone: Told['gone'] = [];
  const relays = openRelays(
    servers.map((server) => {
      const { url, username = 'u', credential = 'p' } = typeof server === 'string' ? { url: server } : server;
      return { url, uri: parseUri(url), username, credential };
    }),
    bases,
    { network: host, clock: sim.clock, crypto },
    options,
    {
      relayed: (socket, one) => {
        sockets.push(socket);
        about.push(one);
      },
      gone: (socket, error) => gone.push({ socket, error }),
      error: (failure) => errors.push(failure),
    },
  );
  const told: Told = { relays, sockets, about, errors, gone, isSettled: false };
  void relays.settled.then(() => {
    told.isSettled = true;
  });
  return told;
}

/** Opens relays and waits until all is settled. */
export async function opened(
  sim: Simulation,
  host: Host,
  servers: readonly Server[],
  options: RelayOptions = {},
): Promise<Told> {
  const told = open(sim, host, servers, options);
  await sim.run(() => told.isSettled);
  return told;
}

/** Sends a text from a socket; what came of it. */
export function send(socket: UdpSocket, text: string, remote: UdpSocket['local']): boolean {
  const bytes = new TextEncoder().encode(text);
  return socket.send(bytes, 0, bytes.length, remote);
}

/** Texts that come to a socket, and from where. */
export function listen(socket: UdpSocket): { readonly text: string; readonly from: UdpSocket['local'] }[] {
  const heard: { text: string; from: UdpSocket['local'] }[] = [];
  socket.onDatagram = (bytes, from) => heard.push({ text: new TextDecoder().decode(bytes), from });
  return heard;
}
