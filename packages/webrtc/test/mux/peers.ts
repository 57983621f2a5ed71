import { Agent, type AgentEvent, type AgentOptions, type IceCredentials } from '@kaon/ice';
import type { Path, TransmitSlot } from '@kaon/interface/core/v1';
import type { Network, UdpSocket } from '@kaon/interface/network/v1';
import { type Driver, run } from '@kaon/runtime';
import type { Simulation } from '@kaon/testing';
import { fillSlot } from '@kaon/wire';
import type { AttachableMux, MuxAttachment } from '../../src/index.ts';

/** An ICE agent on sockets of its own or on a shared port, which can send plain datagrams over its selected pair. */
export class Peer {
  readonly agent: Agent;
  readonly driver: Driver;
  readonly received: string[] = [];
  readonly events: AgentEvent[] = [];
  /** Errors of its sockets. */
  readonly errors: Error[] = [];
  attachment: MuxAttachment | undefined = undefined;
  readonly #sim: Simulation;
  readonly #outgoing: { readonly bytes: Uint8Array; readonly path: Path }[] = [];

  constructor(sim: Simulation, name: string, options: Partial<AgentOptions> = {}) {
    this.#sim = sim;
    const agent = new Agent({ role: 'controlled', random: sim.random.fork(name), ...options });
    this.agent = agent;
    this.driver = run(
      {
        handleDatagram: (bytes, path, now) => {
          if ((bytes[0] ?? 0) < 4) agent.handleDatagram(bytes, path, now);
          else this.received.push(new TextDecoder().decode(bytes));
        },
        handleTimeout: (now) => agent.handleTimeout(now),
        pollTimeout: () => agent.pollTimeout(),
        pollTransmit: (slot, now) => this.#send(slot) || agent.pollTransmit(slot, now),
        pollEvent: () => agent.pollEvent(),
      },
      {
        clock: sim.clock,
        onEvent: (event: AgentEvent) => this.#onEvent(event),
        onSocketError: (_, error) => this.errors.push(error),
      },
    );
  }

  get now(): number {
    return this.#sim.clock.now();
  }

  get connected(): boolean {
    return this.agent.selectedPair !== undefined;
  }

  attach(mux: AttachableMux): this {
    this.attachment = mux.attach(this.agent.localCredentials.usernameFragment);
    for (const socket of this.attachment.sockets) this.#add(socket);
    this.#sockets = this.attachment.sockets;
    return this;
  }

  async bind(network: Network, address: string, port = 0): Promise<this> {
    const socket = await network.bindUdp({ address, port });
    this.#sockets = [socket];
    this.#add(socket);
    return this;
  }

  /** Text that is no STUN. */
  say(text: string): void {
    const { selectedPair } = this.agent;
    if (selectedPair === undefined) throw new Error('not connected');
    this.#outgoing.push({ bytes: new TextEncoder().encode(text), path: selectedPair.path });
    this.driver.wake();
  }

  restart(credentials?: IceCredentials): void {
    this.agent.restart(this.now, credentials);
    this.attachment?.restart(this.agent.localCredentials.usernameFragment);
    this.driver.wake();
  }

  close(): void {
    this.agent.close(this.now);
    this.driver.stop();
    for (const socket of this.#sockets) socket.close();
  }

  #sockets: readonly UdpSocket[] = [];

  #add(socket: UdpSocket): void {
    this.driver.addSocket(socket);
    const tcp = socket.protocol === 'tcp' ? ({ protocol: 'tcp', tcpType: 'passive' } as const) : {};
    this.agent.addLocalBase({ address: socket.local, ...tcp }, this.now);
    this.driver.wake();
  }

  #send(slot: TransmitSlot): boolean {
    const next = this.#outgoing.shift();
    if (next === undefined || !fillSlot(slot, next.bytes)) return false;
    slot.path = next.path;
    return true;
  }

  #onEvent(event: AgentEvent): void {
    this.events.push(event);
    if (event.type !== 'selected-pair') return;
    const { path } = event.pair;
    for (const socket of this.#sockets) if (socket.local === path.local) socket.prefer?.(path.remote);
  }
}

/** Tells each of the two the other's credentials and all of its candidates so far. */
export function introduce(a: Peer, b: Peer): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    to.agent.setRemoteCredentials(from.agent.localCredentials, to.now);
    for (const { candidate } of from.agent.stats().localCandidates) to.agent.addRemoteCandidate(candidate, to.now);
    to.driver.wake();
  }
}
