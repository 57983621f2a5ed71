import type { EcnCodepoint, TransportAddress } from '@kaon/interface/core/v1';
import type { Clock, InterfaceAddress, StreamListener } from '@kaon/interface/network/v1';
import type { FramedStream } from '../tcp/framed-stream.ts';
import type { MuxedSocket } from './types.ts';

/** One connection's streams to one address of the port. */
export class TcpSlice implements MuxedSocket {
  readonly interface = 'kaon:udp-socket/1';
  readonly protocol = 'tcp';
  readonly port: TcpPort;
  onError: ((error: Error) => void) | undefined = undefined;
  /** For its attachment. */
  onGone: (() => void) | undefined = undefined;
  onPathFailed: ((remote: TransportAddress) => void) | undefined = undefined;
  onSettled: ((link: TcpLink) => void) | undefined = undefined;
  readonly #clock: Clock;
  readonly #max: number;
  readonly #links: TcpLink[] = [];
  #last: TcpLink | undefined = undefined;
  #onDatagram: ((bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint) => void) | undefined = undefined;
  #waiting: { readonly link: TcpLink; readonly bytes: Uint8Array }[] = [];
  #closed = false;

  constructor(port: TcpPort, clock: Clock, max: number) {
    this.port = port;
    this.#clock = clock;
    this.#max = max;
    port.slices.add(this);
  }

  get local(): TransportAddress {
    return this.port.listener.local;
  }

  get network(): InterfaceAddress {
    return this.port.network;
  }

  get streams(): number {
    return this.#links.length;
  }

  get onDatagram(): ((bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint) => void) | undefined {
    return this.#onDatagram;
  }

  set onDatagram(listener: ((bytes: Uint8Array, remote: TransportAddress, ecn: EcnCodepoint) => void) | undefined) {
    this.#onDatagram = listener;
    if (listener !== undefined && this.#waiting.length > 0) this.#clock.defer(() => this.#replayAll());
  }

  send(buffer: Uint8Array, start: number, end: number, remote: TransportAddress): boolean {
    const link = this.#linkTo(remote);
    if (link === undefined) return false;
    // A success response says that the agent has authenticated a request on this stream.
    if (!link.proven && buffer[start] === 1 && buffer[start + 1] === 1) {
      link.proven = true;
      this.onSettled?.(link);
    }
    return link.framed.send(buffer, start, end);
  }

  prefer(remote: TransportAddress): void {
    const link = this.#linkTo(remote);
    if (link === undefined) return;
    link.proven = true;
    this.onSettled?.(link);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onDatagram = undefined;
    this.onError = undefined;
    this.onPathFailed = undefined;
    this.#waiting = [];
    this.port.slices.delete(this);
    for (const link of [...this.#links]) this.#end(link);
    this.onGone?.();
  }

  fail(error: Error): void {
    const { onError } = this;
    if (this.#closed) return;
    this.close();
    onError?.(error);
  }

  /** False: it has as many as it may have, and all of them have been of use. */
  adopt(link: TcpLink): boolean {
    if (this.#closed) return false;
    if (this.#links.length >= this.#max) {
      const stranger = this.#links.find(({ proven }) => !proven);
      if (stranger === undefined) return false;
      this.#end(stranger);
    }
    link.slice = this;
    this.#links.push(link);
    return true;
  }

  /** The first frame of a stream that was here before the connection; it comes once there is someone to take it. */
  replay(link: TcpLink, bytes: Uint8Array): void {
    this.#waiting.push({ link, bytes });
    if (this.#onDatagram !== undefined) this.#clock.defer(() => this.#replayAll());
  }

  /** The stream has ended. */
  lost(link: TcpLink): void {
    this.#forget(link);
    this.onPathFailed?.(link.remote);
  }

  #end(link: TcpLink): void {
    link.closed = true;
    link.framed.close();
    this.onSettled?.(link);
    this.#forget(link);
    this.onPathFailed?.(link.remote);
  }

  #forget(link: TcpLink): void {
    const index = this.#links.indexOf(link);
    if (index >= 0) this.#links.splice(index, 1);
    if (this.#last === link) this.#last = undefined;
    link.slice = undefined;
  }

  #linkTo({ address, port }: TransportAddress): TcpLink | undefined {
    const last = this.#last;
    if (last !== undefined && last.remote.port === port && last.remote.address === address) return last;
    this.#last = this.#links.find(({ remote }) => remote.port === port && remote.address === address);
    return this.#last;
  }

  #replayAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { link, bytes } of waiting) if (!link.closed) this.#onDatagram?.(bytes, link.remote, 0);
  }
}

/** One address of a shared TCP port. */
export interface TcpPort {
  readonly listener: StreamListener;
  readonly network: InterfaceAddress;
  readonly slices: Set<TcpSlice>;
}

/** One stream. */
export interface TcpLink {
  readonly port: TcpPort;
  readonly remote: TransportAddress;
  /** When it is closed unless it is proven. */
  readonly until: number;
  framed: FramedStream;
  /** Its first frame has been read. */
  named: boolean;
  /** Its connection has accepted a check on it. */
  proven: boolean;
  closed: boolean;
  slice: TcpSlice | undefined;
}
