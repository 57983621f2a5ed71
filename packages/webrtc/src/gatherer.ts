import type { InterfaceAddress, UdpSocket } from '@kaon/interface/network/v1';
import { addressFamily, isLinkLocal, isLoopback, transportAddress } from '@kaon/wire';
import type { Environment } from './environment.ts';
import type { ServerUrl } from './ice-servers.ts';
import type { KaonOptions } from './kaon-options.ts';

/** What the gatherer found; called only until `close`. */
export interface GathererSink {
  /** A socket that is bound; the receiver owns it. */
  socket(socket: UdpSocket, network: InterfaceAddress): void;
  /** A STUN server to ask for a reflexive address. */
  stunServer(server: { readonly url: string; readonly address: string; readonly port: number }): void;
  /** A server that will not be used, and why. */
  serverFailed(url: string, why: string): void;
  /** Nothing more will come. */
  finished(): void;
}

/** Finds what candidates are made of: binds a socket per address and looks the servers' names up. */
export class Gatherer {
  readonly #environment: Environment;
  readonly #options: KaonOptions;
  readonly #sink: GathererSink;
  #closed = false;
  #started = false;

  constructor(environment: Environment, options: KaonOptions, sink: GathererSink) {
    this.#environment = environment;
    this.#options = options;
    this.#sink = sink;
  }

  /** Begins; all that is found goes to the sink. Never rejects. Does nothing the second time. */
  async start(servers: readonly ServerUrl[]): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    const addresses = this.#addresses();
    // Names first, so that they are looked up while sockets are being bound.
    const lookups = servers.map((server) => this.#lookUp(server));
    await Promise.all(addresses.map((address) => this.#bind(address)));
    await Promise.all(lookups);
    if (!this.#closed) this.#sink.finished();
  }

  /** Nothing goes to the sink any more. */
  close(): void {
    this.#closed = true;
  }

  #addresses(): readonly InterfaceAddress[] {
    try {
      return localAddresses(this.#environment.network.interfaces(), this.#options);
    } catch (error) {
      // A platform or a filter that throws leaves us without addresses, and must not end the process.
      this.#trace('webrtc:interfaces-failed', { error: String(error) });
      return [];
    }
  }

  async #bind(network: InterfaceAddress): Promise<void> {
    try {
      const socket = await this.#environment.network.bindUdp({
        address: network.address,
        portRange: this.#options.portRange,
      });
      if (this.#closed) socket.close();
      else this.#sink.socket(socket, network);
    } catch (error) {
      // An address that went away or has no free port is one candidate fewer, and no reason to fail.
      const pii = { address: network.address };
      this.#trace('webrtc:bind-failed', { interface: network.name, error: String(error), pii });
    }
  }

  async #lookUp({ url, uri }: ServerUrl): Promise<void> {
    const refusal = unsupported(uri.scheme, uri.transport);
    if (refusal !== undefined) {
      // Not from inside the caller's own call.
      await Promise.resolve();
      if (!this.#closed) this.#sink.serverFailed(url, refusal);
      return;
    }
    try {
      const families = this.#options.families ?? ['IPv4', 'IPv6'];
      const addresses = await this.#environment.network.resolve(uri.host);
      if (this.#closed) return;
      // One address of each family: every base asks the one of its own.
      const used = families.flatMap((family) => addresses.find((address) => addressFamily(address) === family) ?? []);
      for (const address of used) this.#sink.stunServer({ url, address, port: uri.port });
      if (used.length === 0) this.#sink.serverFailed(url, `${uri.host} has no address of a family in use`);
    } catch {
      if (!this.#closed) this.#sink.serverFailed(url, `the name ${uri.host} was not found`);
    }
  }

  #trace(name: string, data: { readonly [key: string]: unknown }): void {
    this.#options.trace?.({ time: this.#environment.clock.now(), name, data });
  }
}

/** Which addresses to bind to. Loopback only when asked for or when there is nothing else, link-local likewise. */
export function localAddresses(
  interfaces: readonly InterfaceAddress[],
  options: KaonOptions,
): readonly InterfaceAddress[] {
  const { bindAddresses, interfaceFilter, families } = options;
  if (bindAddresses !== undefined) {
    return bindAddresses.map((address) => {
      const known = interfaces.find((one) => one.address === address);
      const { family } = transportAddress(address, 0);
      return known ?? { name: '', address, family, internal: isLoopback(address) };
    });
  }
  const allowed = interfaces.filter(
    (one) => (families?.includes(one.family) ?? true) && (interfaceFilter?.(one) ?? true),
  );
  const global = allowed.filter((one) => !one.internal && !isLoopback(one.address) && !isLinkLocal(one.address));
  const loopback = allowed.filter((one) => one.internal || isLoopback(one.address));
  if (options.includeLoopback) return [...global, ...loopback];
  if (global.length > 0) return global;
  const linkLocal = allowed.filter((one) => isLinkLocal(one.address));
  return linkLocal.length > 0 ? linkLocal : loopback;
}

function unsupported(scheme: string, transport: string): string | undefined {
  if (scheme === 'turn' || scheme === 'turns') return 'TURN is not supported yet';
  if (scheme === 'stuns' || transport === 'tcp') return 'STUN over TCP or TLS is not supported';
  return undefined;
}
