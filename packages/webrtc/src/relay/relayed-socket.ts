import type { EcnCodepoint, TransportAddress } from '@kaon/interface/core/v1';
import type { UdpSocket } from '@kaon/interface/network/v1';

/** What a relayed socket needs of its allocation. */
export interface RelayedPort {
  readonly receiveBufferSize: number | undefined;
  send(buffer: Uint8Array, start: number, end: number, remote: TransportAddress): boolean;
  prefer(remote: TransportAddress): void;
  expect(remote: TransportAddress): void;
  closed(socket: RelayedSocket): void;
}

/** A relayed address as a socket: what is sent leaves from there, and what peers send there comes in here. */
export class RelayedSocket implements UdpSocket {
  readonly interface = 'kaon:udp-socket/1';
  readonly local: TransportAddress;
  onDatagram: ((bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint) => void) | undefined = undefined;
  onError: ((error: Error) => void) | undefined = undefined;
  #port: RelayedPort | undefined;

  constructor(local: TransportAddress, port: RelayedPort) {
    this.local = local;
    this.#port = port;
  }

  get receiveBufferSize(): number | undefined {
    return this.#port?.receiveBufferSize;
  }

  send(buffer: Uint8Array, start: number, end: number, remote: TransportAddress): boolean {
    return this.#port?.send(buffer, start, end, remote) ?? false;
  }

  prefer(remote: TransportAddress): void {
    this.#port?.prefer(remote);
  }

  expect(remote: TransportAddress): void {
    this.#port?.expect(remote);
  }

  close(): void {
    const port = this.#port;
    this.#port = undefined;
    this.onDatagram = undefined;
    this.onError = undefined;
    port?.closed(this);
  }
}
