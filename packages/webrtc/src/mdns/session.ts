import type { RandomSource } from '@kaon/interface/crypto/v1';
import type { Clock, InterfaceAddress, Network, UdpSocket } from '@kaon/interface/network/v1';
import { MDNS_GROUPS, MDNS_PORT, MdnsEndpoint, type MdnsEvent } from '@kaon/mdns';
import { type Driver, run } from '@kaon/runtime';

/** An endpoint on every link of the machine, and its sockets. */
export class Session {
  readonly #network: Network;
  readonly #clock: Clock;
  readonly #endpoint: MdnsEndpoint;
  readonly #driver: Driver;
  readonly #sockets = new Map<string, UdpSocket>();
  /** Who waits for a name. */
  readonly #waiting = new Map<string, Set<Waiter>>();
  readonly #unwatch: (() => void) | undefined;
  /** Fulfilled when the sockets are bound that can be; rejected when there are none. */
  readonly #opened: Promise<void>;
  #refresh: Promise<void> = Promise.resolve();
  #lastError: unknown;
  #closed = false;

  constructor(network: Network, clock: Clock, random: RandomSource) {
    this.#network = network;
    this.#clock = clock;
    this.#endpoint = new MdnsEndpoint({ random });
    this.#driver = run(this.#endpoint, {
      clock,
      onEvent: (event) => this.#handleEvent(event),
      onSocketError: (socket, error) => this.#lose(socket, error),
    });
    this.#opened = this.#open();
    // Whoever waits for it hears of it; nobody may.
    this.#opened.catch(() => {});
    this.#unwatch = network.watchInterfaces?.(() => {
      this.#refresh = this.#refresh.then(() => this.#join());
    });
  }

  resolve(name: string, signal: AbortSignal | undefined): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const key = this.#endpoint.resolve(name, this.#clock.now());
      const abort = (): void => this.#giveUp(key, waiter, signal?.reason);
      const settle = (): void => signal?.removeEventListener('abort', abort);
      const waiter: Waiter = { resolve, reject, settle };
      signal?.addEventListener('abort', abort, { once: true });
      const waiters = this.#waiting.get(key);
      if (waiters === undefined) this.#waiting.set(key, new Set([waiter]));
      else waiters.add(waiter);
      this.#opened.catch((error: unknown) => this.#giveUp(key, waiter, error));
      this.#driver.wake();
    });
  }

  async register(address: string): Promise<string> {
    await this.#opened;
    const name = this.#endpoint.register(address, this.#clock.now());
    this.#driver.wake();
    return name;
  }

  unregister(name: string): void {
    this.#endpoint.unregister(name, this.#clock.now());
    this.#driver.wake();
  }

  /** Says what is still to be said and lets go of the sockets. */
  close(): void {
    this.#closed = true;
    this.#unwatch?.();
    this.#endpoint.close(this.#clock.now());
    this.#driver.stop();
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  async #open(): Promise<void> {
    if (this.#network.bindMulticast === undefined) throw new Error('this platform cannot join multicast groups');
    await this.#join();
    if (this.#sockets.size > 0 || this.#closed) return;
    throw new Error('no interface can be used for multicast DNS', { cause: this.#lastError });
  }

  /** One socket for each interface and family, for the interfaces that there are now. */
  async #join(): Promise<void> {
    if (this.#closed) return;
    const places = new Map<string, InterfaceAddress>();
    for (const each of linksOf(this.#network.interfaces())) {
      const place = `${each.name} ${each.family}`;
      // An interface may have several addresses; the one that is in use stays.
      if (!places.has(place) || this.#sockets.has(keyOf(place, each.address))) places.set(place, each);
    }
    const wanted = new Map([...places].map(([place, each]) => [keyOf(place, each.address), each]));
    for (const [key, socket] of this.#sockets) if (!wanted.has(key)) this.#drop(key, socket);
    await Promise.all([...wanted].map(([key, each]) => this.#bind(key, each)));
  }

  async #bind(key: string, { family, address }: InterfaceAddress): Promise<void> {
    if (this.#sockets.has(key)) return;
    try {
      const group = MDNS_GROUPS[family];
      const socket = await this.#network.bindMulticast!({ group, port: MDNS_PORT, interfaceAddress: address });
      if (this.#closed || this.#sockets.has(key)) return socket.close();
      this.#sockets.set(key, socket);
      this.#driver.addSocket(socket);
      this.#endpoint.addLink({ local: socket.local }, this.#clock.now());
      this.#driver.wake();
    } catch (error) {
      // Others may work: a link without multicast is no reason to fail.
      this.#lastError = error;
    }
  }

  #lose(socket: UdpSocket, error: Error): void {
    this.#lastError = error;
    for (const [key, each] of this.#sockets) if (each === socket) this.#drop(key, socket);
  }

  #drop(key: string, socket: UdpSocket): void {
    this.#sockets.delete(key);
    this.#endpoint.removeLink(socket.local, this.#clock.now());
    this.#driver.removeSocket(socket);
    socket.close();
  }

  #handleEvent(event: MdnsEvent): void {
    if (event.type === 'closed') return;
    const waiters = this.#waiting.get(event.name) ?? [];
    this.#waiting.delete(event.name);
    for (const { resolve, reject, settle } of waiters) {
      settle();
      if (event.type === 'resolved') resolve(event.addresses);
      else reject(new Error(`${event.name} has no address: ${WHY[event.reason]}`));
    }
  }

  #giveUp(key: string, waiter: Waiter, reason: unknown): void {
    const waiters = this.#waiting.get(key);
    if (waiters?.delete(waiter) !== true) return;
    waiter.settle();
    waiter.reject(reason);
    if (waiters.size > 0) return;
    this.#waiting.delete(key);
    this.#endpoint.cancel(key, this.#clock.now());
    this.#driver.wake();
  }
}

interface Waiter {
  resolve(addresses: readonly string[]): void;
  reject(reason: unknown): void;
  /** Lets go of what the wait hangs on. */
  settle(): void;
}

/** Where there may be others to talk to; the machine alone when there is nothing else. */
function linksOf(interfaces: readonly InterfaceAddress[]): readonly InterfaceAddress[] {
  const outward = interfaces.filter(({ internal }) => !internal);
  return outward.length > 0 ? outward : interfaces;
}

function keyOf(place: string, address: string): string {
  return `${place} ${address}`;
}

const WHY = {
  name: 'it is none that stands for a candidate',
  timeout: 'nobody answered',
  'too-many': 'too many names are being asked for',
} as const;
