import type { Agent, Candidate, LocalBase } from '@kaon/ice';
import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import type { UdpSocket } from '@kaon/interface/network/v1';
import type { Driver } from '@kaon/runtime';
import { addressFamily, sameAddress, samePath } from '@kaon/wire';
import type { RelayedAbout } from '../relay/types.ts';

/** What the sockets of a transport belong to. */
export interface SocketOwner {
  readonly agent: Agent;
  readonly driver: Driver;
  /** Whether relayed candidates hide the address that the server saw. */
  readonly hidesMapped: boolean;
  now(): number;
}

/** The sockets of a transport, each of them with the driver and as a base with the agent. */
export class LocalSockets implements Iterable<UdpSocket> {
  readonly #owner: SocketOwner;
  readonly #sockets = new Set<UdpSocket>();
  /** Where the peer may be heard from: relays that come later are to let it in, too. */
  readonly #expected: TransportAddress[] = [];

  constructor(owner: SocketOwner) {
    this.#owner = owner;
  }

  [Symbol.iterator](): Iterator<UdpSocket> {
    return this.#sockets.values();
  }

  add(socket: UdpSocket, base: LocalBase): void {
    const { agent, driver, now } = this.#owner;
    this.#sockets.add(socket);
    driver.addSocket(socket);
    agent.addLocalBase(base, now());
    driver.wake();
  }

  /** A socket of a TURN server's: its address is the relayed one. */
  addRelayed(socket: UdpSocket, { url, relayProtocol, mapped, base }: RelayedAbout): void {
    const { agent, driver, hidesMapped, now } = this.#owner;
    const { address, port, family } = socket.local;
    // A server may say anything: what is ours, or another server's, is not its to give, nor to take away.
    for (const { protocol = 'udp', local } of this.#sockets) {
      if (protocol !== 'udp' || !sameAddress(local, socket.local)) continue;
      socket.close();
      return;
    }
    this.#sockets.add(socket);
    driver.addSocket(socket);
    for (const remote of this.#expected) if (remote.family === family) socket.expect?.(remote);
    const related: TransportAddress = hidesMapped
      ? { address: family === 'IPv4' ? '0.0.0.0' : '::', family, port: 9 }
      : mapped;
    agent.addLocalCandidate(
      {
        foundation: '',
        component: 1,
        protocol: 'udp',
        priority: 0,
        address,
        port,
        type: 'relay',
        relatedAddress: related.address,
        relatedPort: related.port,
        relayProtocol,
        url,
      },
      socket.local,
      now(),
      base,
    );
    driver.wake();
  }

  /** A socket that is no more: its candidates go with it. */
  remove(socket: UdpSocket): void {
    const { agent, driver, now } = this.#owner;
    socket.close();
    if (!this.#sockets.delete(socket)) return;
    driver.removeSocket(socket);
    agent.removeLocalBase(socket.local, now(), socket.protocol);
    driver.wake();
  }

  /** The peer has this candidate: before its checks come, relays ask their servers to let them through. */
  expect(candidate: Candidate): void {
    const { address, port, protocol } = candidate;
    const family = addressFamily(address);
    if (protocol !== 'udp' || family === undefined || this.#expected.length >= MAX_EXPECTED) return;
    const remote: TransportAddress = { address, family, port };
    this.#expected.push(remote);
    for (const socket of this.#sockets) if (socket.local.family === family) socket.expect?.(remote);
  }

  /** The peer began anew, with other candidates. */
  expectNobody(): void {
    this.#expected.length = 0;
  }

  /** Data goes over this path from now on. */
  prefer(path: Path): void {
    for (const socket of this.#sockets) {
      const { protocol = 'udp', local } = socket;
      if (samePath({ protocol, local, remote: path.remote }, path)) socket.prefer?.(path.remote);
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
    this.#sockets.clear();
  }
}

/** Permissions that each relay asks for ahead; agents have few candidates. */
const MAX_EXPECTED = 32;
