import type { TransportAddress } from '@kaon/interface/core/v1';
import type { LongTermCredentials, OAuthToken } from '@kaon/stun';
import { addressFamily, canonicalAddress, isLinkLocal, isLoopback } from '@kaon/wire';
import { Attempt, type AttemptTarget, UNREACHABLE } from './attempt.ts';
import type {
  OpenRelays,
  RelayBase,
  RelayEnvironment,
  RelayFailure,
  RelayOptions,
  RelayProtocol,
  RelayServer,
  RelaySink,
  Relays,
} from './types.ts';

/**
 * Asks every TURN server for an allocation from every local address that can reach it, all at once, and tells the sink what comes
 * of it. An address of this machine is reached over loopback, which reaches nothing else.
 */
export const openRelays: OpenRelays = (servers, bases, environment, options, sink) =>
  new RelaySet(servers, bases, environment, options, sink);

class RelaySet implements Relays {
  readonly settled: Promise<void>;
  readonly #bases: readonly RelayBase[];
  readonly #environment: RelayEnvironment;
  readonly #options: RelayOptions;
  readonly #sink: RelaySink;
  readonly #attempts = new Set<Attempt>();
  #settle: () => void = () => {};
  #isClosed = false;

  constructor(
    servers: readonly RelayServer[],
    bases: readonly RelayBase[],
    environment: RelayEnvironment,
    options: RelayOptions,
    sink: RelaySink,
  ) {
    this.#bases = bases;
    this.#environment = environment;
    this.#options = options;
    this.#sink = sink;
    const closed = new Promise<void>((resolve) => {
      this.#settle = resolve;
    });
    const asked = Promise.all(servers.map((server) => this.#ask(server))).then(() => undefined);
    this.settled = Promise.race([asked, closed]);
  }

  close(): void {
    this.#isClosed = true;
    for (const attempt of this.#attempts) attempt.close();
    this.#attempts.clear();
    this.#settle();
  }

  /** Resolves when this server has given what it gives. */
  async #ask(server: RelayServer): Promise<void> {
    // Not from inside the caller's own call.
    await Promise.resolve();
    const { host } = server.uri;
    let found: readonly TransportAddress[];
    let credentials: LongTermCredentials | OAuthToken;
    try {
      credentials = credentialsOf(server);
    } catch {
      this.#error(server, 'the token is not base64');
      return;
    }
    try {
      found = await this.#lookUp(server);
    } catch {
      this.#error(server, `the name ${host} was not found`);
      return;
    }
    if (this.#isClosed) return;
    const families = this.#options.families ?? FAMILIES;
    const usable = found.filter(({ family }) => families.includes(family));
    const reachable = basesFor(this.#bases, usable).flatMap((base) => {
      const addresses = usable.filter((address) => reaches(base, address)).slice(0, MAX_ADDRESSES);
      return addresses.length > 0 ? [{ base, addresses }] : [];
    });
    if (reachable.length === 0) {
      const family = usable[0]?.family;
      const why =
        family === undefined ? 'has no address of a family in use' : `is reached over ${family}, which is not here`;
      this.#error(server, `${host} ${why}`);
      return;
    }
    const hasBoth = FAMILIES.every((family) => reachable.some(({ base }) => base.family === family));
    await Promise.all(
      reachable.map(({ base, addresses }) => {
        const own = families.filter((family) => family === base.family);
        const other = families.filter((family) => family !== base.family);
        // With both families on the way each asks for its own address first; else one asks for both.
        const both = own.length > 0 && other.length > 0 && !hasBoth ? (['both'] as const) : [];
        const { url, uri } = server;
        const protocol = protocolOf(server);
        return this.#attempt({
          url,
          protocol,
          name: uri.host,
          addresses,
          base,
          credentials,
          families: [...both, ...own, ...other],
        });
      }),
    );
  }

  async #lookUp({ uri }: RelayServer): Promise<readonly TransportAddress[]> {
    const { host, port } = uri;
    const found = addressFamily(host) === undefined ? await this.#environment.network.resolve(host) : [host];
    return found.flatMap((text) => {
      const address = canonicalAddress(text);
      const family = addressFamily(text);
      return address === undefined || family === undefined ? [] : [{ address, family, port }];
    });
  }

  /** Resolves when it has come to something. */
  #attempt(target: AttemptTarget): Promise<void> {
    return new Promise((resolve) => {
      const { url } = target;
      const attempt = new Attempt(target, this.#environment, this.#options, {
        relayed: (sockets, { protocol, path }, mapped) => {
          this.#trace('webrtc:relay-allocated', { url, protocol, count: sockets.length });
          const about = { url, relayProtocol: protocol, mapped, base: path.local, server: path.remote };
          for (const socket of sockets) this.#sink.relayed(socket, about);
          resolve();
        },
        gone: (sockets, error) => {
          this.#attempts.delete(attempt);
          this.#trace('webrtc:relay-lost', { url, error: error.message });
          for (const socket of sockets) this.#sink.gone(socket, error);
        },
        failed: (failure) => {
          this.#attempts.delete(attempt);
          this.#failed(failure);
          resolve();
        },
      });
      this.#attempts.add(attempt);
      attempt.start();
    });
  }

  #error({ url }: RelayServer, errorText: string): void {
    this.#failed({ url, address: null, port: null, errorCode: UNREACHABLE, errorText });
  }

  #failed(failure: RelayFailure): void {
    if (this.#isClosed) return;
    this.#trace('webrtc:relay-failed', { url: failure.url, code: failure.errorCode, text: failure.errorText });
    this.#sink.error(failure);
  }

  #trace(name: string, data: { readonly [key: string]: unknown }): void {
    this.#options.trace?.({ time: this.#environment.clock.now(), name, data });
  }
}

/** The bases, and loopback besides when a server is on this machine and no base is. */
function basesFor(bases: readonly RelayBase[], servers: readonly TransportAddress[]): readonly RelayBase[] {
  const missing = FAMILIES.filter(
    (family) =>
      servers.some((server) => server.family === family && isLoopback(server.address)) &&
      !bases.some((base) => base.family === family && isLoopback(base.address)),
  );
  const loopback = missing.map((family) => ({ address: family === 'IPv4' ? '127.0.0.1' : '::1', family, name: 'lo' }));
  return [...bases, ...loopback];
}

function reaches(base: RelayBase, { address, family }: TransportAddress): boolean {
  if (base.family !== family || isLoopback(base.address) !== isLoopback(address)) return false;
  // A link-local address reaches only its own link (RFC 4007 §6).
  return !isLinkLocal(base.address) || isLinkLocal(address);
}

function protocolOf({ uri }: RelayServer): RelayProtocol {
  if (uri.scheme === 'turns') return uri.transport === 'udp' ? 'dtls' : 'tls';
  return uri.transport;
}

function credentialsOf({ username, credential }: RelayServer): LongTermCredentials | OAuthToken {
  if (typeof credential === 'string') return { username, password: credential };
  return { username, accessToken: fromBase64(credential.accessToken), macKey: fromBase64(credential.macKey) };
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

const FAMILIES = ['IPv4', 'IPv6'] as const;
/** Addresses of one server that are tried. */
const MAX_ADDRESSES = 4;
