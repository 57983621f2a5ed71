import type { InterfaceAddress, UdpSocket } from '@kaon/interface/network/v1';
import type { Configuration } from '../configuration.ts';
import type { Environment } from '../environment.ts';
import type { ServerUrl } from '../ice-servers.ts';
import { openRelays } from '../relay/index.ts';
import type { RelayBase, RelayedAbout, RelayFailure, RelayOptions, RelayServer, Relays } from '../relay/types.ts';

/** Told what becomes of relays. */
export interface RelaySetSink {
  relayed(socket: UdpSocket, about: RelayedAbout): void;
  gone(socket: UdpSocket): void;
  relayFailed(failure: RelayFailure): void;
}

/** The relays of a transport: for each TURN server one from each local address that reaches it, opened again where they were lost. */
export class RelaySet {
  readonly #environment: Environment;
  readonly #configuration: Configuration;
  readonly #sink: RelaySetSink;
  readonly #servers = new Map<string, ServerRelays>();
  #closed = false;

  constructor(environment: Environment, configuration: Configuration, sink: RelaySetSink) {
    this.#environment = environment;
    this.#configuration = configuration;
    this.#sink = sink;
  }

  /** Opens what is not open; resolves when all that has given what it gives. Never rejects. */
  async open(servers: readonly ServerUrl[], addresses: readonly InterfaceAddress[]): Promise<void> {
    if (this.#closed || !this.#isWanted) return;
    const bases = addresses.map(({ address, family, name }) => ({ address, family, name }));
    await Promise.all(
      servers.map(({ url, uri, username, credential }) => {
        const relays = uri.scheme === 'turn' || uri.scheme === 'turns';
        if (!relays || username === undefined || credential === undefined) return undefined;
        const key = `${url} ${username}`;
        const known = this.#servers.get(key) ?? { opened: [], live: new Map<UdpSocket, string>() };
        this.#servers.set(key, known);
        const served = new Set(known.live.values());
        const missing = bases.filter(({ address }) => !served.has(address));
        return missing.length === 0 ? undefined : this.#open({ url, uri, username, credential }, missing, known);
      }),
    );
  }

  close(): void {
    this.#closed = true;
    for (const { opened } of this.#servers.values()) for (const relays of opened) relays.close();
    this.#servers.clear();
  }

  async #open(server: RelayServer, bases: readonly RelayBase[], known: ServerRelays): Promise<void> {
    const relays = openRelays([server], bases, this.#environment, this.#options, {
      relayed: (socket, about) => {
        known.live.set(socket, about.base.address);
        this.#sink.relayed(socket, about);
      },
      gone: (socket) => {
        known.live.delete(socket);
        this.#sink.gone(socket);
      },
      error: (failure) => {
        // From another address it works: that this one does not is no news for the application.
        if (known.live.size === 0 || failure.errorCode !== UNREACHABLE) this.#sink.relayFailed(failure);
      },
    });
    known.opened.push(relays);
    await relays.settled;
  }

  get #isWanted(): boolean {
    const { iceTransportPolicy, kaon } = this.#configuration;
    return !kaon.iceLite && (iceTransportPolicy === 'relay' || (kaon.candidateTypes?.includes('relay') ?? true));
  }

  get #options(): RelayOptions {
    const { relay, families, portRange, mtu, trace } = this.#configuration.kaon;
    return { families, portRange, mtu, trace, ...relay };
  }
}

interface ServerRelays {
  readonly opened: Relays[];
  /** Allocations that are there, and the local address of each. */
  readonly live: Map<UdpSocket, string>;
}

/** W3C WebRTC §4.8.3. */
const UNREACHABLE = 701;
