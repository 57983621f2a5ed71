import type { Path, TransportAddress } from '@kaon/interface/core/v1';
import { attribute, decodeMessage, encodeMessage, METHOD, type StunMessage } from '@kaon/stun';
import { NatTable, type NatTableOptions, Netem, type NetemOptions, seededRandom } from '@kaon/testing';
import { formatAddress, isMalformed, Slot } from '@kaon/wire';
import type { Agent, AgentEvent } from '../src/index.ts';
import { signal } from './helpers.ts';

/** What a server answers to a request from `source`; undefined: nothing. */
export type Server = (request: StunMessage, source: TransportAddress, bytes: Uint8Array) => Uint8Array | undefined;

interface Node {
  readonly agent: Agent;
  readonly events: AgentEvent[];
  readonly nat: NatTable | undefined;
  onEvent: ((event: AgentEvent, now: number) => void) | undefined;
}

/** A public network with hosts, NATs and servers, driven synchronously on virtual time. */
export class Net {
  now = 1000;
  /** Every datagram that was sent: from, to, bytes. */
  readonly sent: { readonly path: Path; readonly bytes: Uint8Array; readonly now: number }[] = [];
  readonly #nodes: Node[] = [];
  readonly #at = new Map<string, Node>();
  readonly #servers = new Map<string, Server>();
  readonly #line: Netem<{ readonly from: TransportAddress; readonly to: TransportAddress }>;
  readonly #slot = new Slot(1500);

  constructor(netem: NetemOptions = { delay: 10 }, seed = 1) {
    this.#line = new Netem(netem, seededRandom(seed));
  }

  /** Puts an agent on the network; its bases are added to it. Behind a NAT when `nat` is given. */
  join(agent: Agent, bases: readonly TransportAddress[], nat?: NatTableOptions): Node {
    const table = nat === undefined ? undefined : new NatTable(nat);
    const node: Node = { agent, events: [], nat: table, onEvent: undefined };
    this.#nodes.push(node);
    for (const base of bases) {
      this.#at.set(formatAddress(base), node);
      agent.addLocalBase({ address: base }, this.now);
    }
    for (const address of nat?.addresses ?? []) this.#at.set(address, node);
    return node;
  }

  /** What is sent to this address arrives at the node. */
  place(node: Node, address: TransportAddress): void {
    this.#at.set(formatAddress(address), node);
  }

  server(address: TransportAddress, server: Server): void {
    this.#servers.set(formatAddress(address), server);
  }

  /** Trickles between two nodes. */
  signal(a: Node, b: Node): void {
    a.onEvent = (event, now) => signal(event, b.agent, now);
    b.onEvent = (event, now) => signal(event, a.agent, now);
    a.agent.setRemoteCredentials(b.agent.localCredentials, this.now);
    b.agent.setRemoteCredentials(a.agent.localCredentials, this.now);
  }

  set(options: NetemOptions): void {
    this.#line.set(options);
  }

  run(until: () => boolean, timeout = 60_000): void {
    const end = this.now + timeout;
    for (;;) {
      this.#pump();
      if (until()) return;
      let next = this.#line.pollTimeout();
      for (const { agent } of this.#nodes) next = Math.min(next, agent.pollTimeout());
      if (next > end) throw new Error(`it did not happen within ${timeout} ms (now ${this.now})`);
      this.now = Math.max(this.now, next);
    }
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      this.#pump();
      let next = this.#line.pollTimeout();
      for (const { agent } of this.#nodes) next = Math.min(next, agent.pollTimeout());
      if (next > end) break;
      this.now = Math.max(this.now, next);
    }
    this.now = end;
  }

  #pump(): void {
    for (let busy = true; busy; ) {
      busy = false;
      for (let packet = this.#line.poll(this.now); packet !== undefined; packet = this.#line.poll(this.now)) {
        this.#deliver(packet.bytes, packet.meta.from, packet.meta.to);
        busy = true;
      }
      for (const node of this.#nodes) busy = this.#drive(node) || busy;
    }
  }

  #drive(node: Node): boolean {
    const { agent } = node;
    let busy = false;
    if (agent.pollTimeout() <= this.now) {
      agent.handleTimeout(this.now);
      if (agent.pollTimeout() <= this.now) throw new Error(`stuck at ${this.now}`);
      busy = true;
    }
    for (this.#slot.reset(); agent.pollTransmit(this.#slot, this.now); this.#slot.reset()) {
      busy = true;
      const path = this.#slot.path!;
      const bytes = this.#slot.bytes.slice();
      this.sent.push({ path, bytes, now: this.now });
      const from = node.nat === undefined ? path.local : node.nat.outbound(path.local, path.remote, this.now);
      if (from !== undefined) this.#line.push(bytes, this.now, { from, to: path.remote });
    }
    for (let event = agent.pollEvent(); event !== undefined; event = agent.pollEvent()) {
      busy = true;
      node.events.push(event);
      node.onEvent?.(event, this.now);
    }
    return busy;
  }

  #deliver(bytes: Uint8Array, from: TransportAddress, to: TransportAddress): void {
    const server = this.#servers.get(formatAddress(to));
    if (server !== undefined) {
      const request = decodeMessage(bytes);
      if (isMalformed(request)) return;
      const answer = server(request, from, bytes);
      if (answer !== undefined) this.#line.push(answer, this.now, { from: to, to: from });
      return;
    }
    const node = this.#at.get(formatAddress(to)) ?? this.#at.get(to.address);
    if (node === undefined) return;
    // A host behind a NAT is reached through it alone.
    const local = node.nat === undefined ? to : node.nat.inbound(to, from, this.now);
    if (local === undefined) return;
    node.agent.handleDatagram(bytes, { protocol: 'udp', local, remote: from }, this.now);
  }
}

/** A STUN server that says where a request came from. */
export const stunServer: Server = (request, source) =>
  request.class !== 'request'
    ? undefined
    : encodeMessage(
        {
          class: 'success',
          method: METHOD.Binding,
          transactionId: request.transactionId,
          attributes: [{ type: 'xor-mapped-address', address: source }],
        },
        { fingerprint: true },
      );

/** Whether a datagram is a Binding request with USE-CANDIDATE. */
export function nominates(bytes: Uint8Array): boolean {
  const message = decodeMessage(bytes);
  return !isMalformed(message) && message.class === 'request' && attribute(message, 'use-candidate') !== undefined;
}
