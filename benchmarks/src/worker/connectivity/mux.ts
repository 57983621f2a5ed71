/** Connections that share one UDP port, and those who call them from another process. */
import { queryObjects } from 'node:v8';
import { nodeNetwork } from '@kaon/runtime/node';
import { type RTCDataChannel, RTCPeerConnection, UdpMux } from '@kaon/webrtc';
import { settle } from '../measure.ts';
import type { MuxFigures } from '../protocol.ts';

/** The process with the port. */
export class Port {
  readonly #mux: UdpMux;
  #connections: RTCPeerConnection[] = [];

  private constructor(mux: UdpMux) {
    this.#mux = mux;
  }

  static async listen(): Promise<Port> {
    return new Port(await UdpMux.listen({ addresses: [ownAddress()], port: 0 }));
  }

  answer(offers: readonly string[]): Promise<string[]> {
    return Promise.all(
      offers.map(async (sdp) => {
        const connection = new RTCPeerConnection({ kaon: { udpMux: this.#mux, tcpCandidates: [] } });
        this.#connections.push(connection);
        await connection.setRemoteDescription({ type: 'offer', sdp });
        await connection.setLocalDescription();
        return described(connection);
      }),
    );
  }

  async figures(): Promise<MuxFigures> {
    await settle();
    // Collects garbage, too.
    const objects = Number(queryObjects(RTCPeerConnection, { format: 'count' }));
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    const { fragments, addresses, transactions } = this.#mux.tables;
    return {
      rss,
      heap: heapUsed + arrayBuffers,
      objects,
      sockets: process.getActiveResourcesInfo().filter((name) => name.startsWith('UDP')).length,
      connections: this.#mux.connections,
      entries: fragments + addresses + transactions,
    };
  }

  /** Closes all connections; the port stays. */
  async closeConnections(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    this.#connections = [];
  }
}

/** The process of those who call, each from a port of its own. */
export class Callers {
  #connections: RTCPeerConnection[] = [];
  #channels: RTCDataChannel[] = [];
  /** Whose offers have not been answered. */
  #waiting: RTCPeerConnection[] = [];

  offer(count: number): Promise<string[]> {
    const kaon = { bindAddresses: [ownAddress()], tcpCandidates: [] };
    this.#waiting = Array.from({ length: count }, () => new RTCPeerConnection({ kaon }));
    this.#connections.push(...this.#waiting);
    return Promise.all(
      this.#waiting.map(async (connection) => {
        this.#channels.push(connection.createDataChannel('bench'));
        await connection.setLocalDescription();
        return described(connection);
      }),
    );
  }

  async accept(answers: readonly string[]): Promise<void> {
    await Promise.all(
      this.#waiting.map((connection, i) => connection.setRemoteDescription({ type: 'answer', sdp: answers[i] ?? '' })),
    );
  }

  /** Resolves when every channel is open. */
  async opened(): Promise<void> {
    await Promise.all(
      this.#channels.map((channel) => {
        if (channel.readyState === 'open') return undefined;
        return new Promise((resolve) => channel.addEventListener('open', resolve, { once: true }));
      }),
    );
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    this.#connections = [];
    this.#channels = [];
    this.#waiting = [];
  }
}

/** The description with all candidates. */
async function described(connection: RTCPeerConnection): Promise<string> {
  if (connection.iceGatheringState !== 'complete') {
    await new Promise<void>((resolve) => {
      connection.addEventListener('icegatheringstatechange', () => {
        if (connection.iceGatheringState === 'complete') resolve();
      });
    });
  }
  return connection.localDescription?.sdp ?? '';
}

function ownAddress(): string {
  const own = nodeNetwork.interfaces().filter(({ family }) => family === 'IPv4');
  return (own.find(({ internal }) => !internal) ?? own[0])?.address ?? '127.0.0.1';
}
