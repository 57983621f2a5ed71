import type { Network, UdpSocket } from '@kaon/interface/network/v1';
import { nodeNetwork } from '@kaon/runtime/node';

/** The real network, losing datagrams both ways by a seed from when `rate` is set. */
export class LossyNetwork implements Network {
  readonly interface = 'kaon:network/1';
  /** Share of the media datagrams that is lost, 0 to 1. */
  rate = 0;
  /** Datagrams lost on the way out and in. */
  readonly lost: { out: number; in: number } = { out: 0, in: 0 };
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  interfaces(): ReturnType<Network['interfaces']> {
    return nodeNetwork.interfaces();
  }

  resolve(...args: Parameters<Network['resolve']>): ReturnType<Network['resolve']> {
    return nodeNetwork.resolve(...args);
  }

  async bindUdp(options: Parameters<Network['bindUdp']>[0]): Promise<UdpSocket> {
    const socket = await nodeNetwork.bindUdp(options);
    const lossy: UdpSocket = {
      interface: 'kaon:udp-socket/1',
      local: socket.local,
      receiveBufferSize: socket.receiveBufferSize,
      onDatagram: undefined,
      onError: undefined,
      send: (buffer, start, end, remote, ecn) => {
        if (!this.#loses(buffer[start])) return socket.send(buffer, start, end, remote, ecn);
        this.lost.out++;
        return true;
      },
      close: () => socket.close(),
    };
    socket.onDatagram = (bytes, remote, ecn) => {
      if (this.#loses(bytes[0])) this.lost.in++;
      else lossy.onDatagram?.(bytes, remote, ecn);
    };
    socket.onError = (error) => lossy.onError?.(error);
    return lossy;
  }

  /** RTP and RTCP only (RFC 7983 §7): how handshakes bear loss is another matter. */
  #loses(first = 0): boolean {
    if (this.rate === 0 || first < 128 || first > 191) return false;
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return this.#state / 2 ** 32 < this.rate;
  }
}
