import type { TransportAddress } from '@kaon/interface/core/v1';
import type { CryptoProvider } from '@kaon/interface/crypto/v1';
import type { Clock, Network, StreamListener, UdpSocket } from '@kaon/interface/network/v1';
import { TurnError } from '../errors.ts';
import type { ResolvedListener } from './addresses.ts';
import { readServerCertificate, type ServerCertificate } from './certificate.ts';
import type { ConnectionHost } from './connection.ts';
import { DtlsListener } from './dtls-listener.ts';
import type { ListeningAddress } from './options.ts';
import { acceptStreams } from './stream-listener.ts';

/** What listeners need of their server. */
export interface ListenersContext {
  readonly network: Network;
  readonly clock: Clock;
  readonly crypto: CryptoProvider;
  readonly host: ConnectionHost;
  /** Share the ports with other workers. */
  readonly reusePort: boolean;
  addSocket(socket: UdpSocket): void;
  onError(error: Error): void;
}

/** All ports that clients come to. */
export class Listeners {
  readonly #context: ListenersContext;
  readonly #udp: UdpSocket[] = [];
  readonly #dtls: DtlsListener[] = [];
  readonly #streams: { listener: StreamListener; readonly protocol: 'tcp' | 'tls' }[] = [];
  readonly #addresses: ListeningAddress[] = [];
  #closed = false;

  constructor(context: ListenersContext) {
    this.#context = context;
  }

  get addresses(): readonly ListeningAddress[] {
    return this.#addresses;
  }

  /** Opens one after the other. Rejects with the platform's reason, or for what is missing; the caller closes. */
  async open(listeners: readonly ResolvedListener[]): Promise<void> {
    for (const one of listeners) this.#addresses.push({ protocol: one.protocol, ...(await this.#open(one)) });
  }

  /** Shows another certificate from now on. TLS listeners are opened anew for it, at the same ports. */
  async showCertificate(certificate: string, privateKey: string): Promise<void> {
    const read = await readServerCertificate(certificate, privateKey, this.#context.crypto);
    for (const listener of this.#dtls) listener.certificate = read.dtls;
    for (const entry of this.#streams) {
      if (entry.protocol !== 'tls' || this.#closed) continue;
      const { local } = entry.listener;
      entry.listener.close();
      entry.listener = await this.#listen(local.address, local.port, read);
    }
  }

  close(): void {
    this.#closed = true;
    for (const { listener } of this.#streams) listener.close();
    for (const listener of this.#dtls) listener.close();
    for (const socket of this.#udp) socket.close();
  }

  async #open(listener: ResolvedListener): Promise<TransportAddress> {
    const { network, reusePort, clock, crypto, host } = this.#context;
    const { protocol, address, port } = listener;
    if (protocol === 'udp') {
      const socket = this.#keep(await network.bindUdp({ address, port, reusePort }));
      this.#udp.push(socket);
      this.#context.addSocket(socket);
      return socket.local;
    }
    const secure = protocol === 'tcp' ? undefined : await certificateOf(listener, crypto);
    if (protocol === 'dtls') {
      const socket = this.#keep(await network.bindUdp({ address, port, reusePort }));
      const certificate = (secure as ServerCertificate).dtls;
      this.#dtls.push(new DtlsListener({ socket, host, clock, crypto, certificate }));
      socket.onError = (error) => this.#context.onError(error);
      return socket.local;
    }
    const opened = await this.#listen(address, port, secure);
    this.#streams.push({ listener: opened, protocol });
    return opened.local;
  }

  async #listen(address: string, port: number, secure: ServerCertificate | undefined): Promise<StreamListener> {
    const { network, reusePort, host, clock } = this.#context;
    if (network.listenTcp === undefined) {
      throw new TurnError('TURN_INVALID_ARGUMENT', 'This network has no TCP: listen on UDP and DTLS only.');
    }
    const tls = secure === undefined ? undefined : { certificate: secure.certificate, privateKey: secure.privateKey };
    const listener = this.#keep(await network.listenTcp({ address, port, reusePort, tls }));
    acceptStreams(listener, host, clock);
    listener.onError = (error) => this.#context.onError(error);
    return listener;
  }

  /** What was opened while the server was being closed is closed, too. */
  #keep<T extends { close(): void }>(opened: T): T {
    if (this.#closed) {
      opened.close();
      throw new TurnError('TURN_INVALID_STATE', 'The server was closed while it opened its ports.');
    }
    return opened;
  }
}

function certificateOf(listener: ResolvedListener, crypto: CryptoProvider): Promise<ServerCertificate> {
  const { protocol, certificate, privateKey } = listener;
  if (certificate === undefined || privateKey === undefined) {
    throw new TurnError('TURN_INVALID_ARGUMENT', `A ${protocol} listener needs certificate and privateKey.`);
  }
  return readServerCertificate(certificate, privateKey, crypto);
}
