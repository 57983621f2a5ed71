import { type KaonOptions, RTCPeerConnection, TcpMux, UdpMux } from '@kaon/webrtc';

/** What may be set on `singlePortServer`. */
export interface SinglePortOptions {
  /** UDP and TCP. 0: any. */
  readonly port: number;
  /** Default: all of this machine. */
  readonly addresses?: readonly string[];
  /** For every connection, such as `addressRewrites` behind a one-to-one NAT. */
  readonly kaon?: KaonOptions;
}

/** A server whose connections are all on one port, which is open in the firewall for UDP and for TCP. */
export class SinglePortServer {
  readonly udpMux: UdpMux;
  readonly tcpMux: TcpMux;
  readonly #kaon: KaonOptions;
  readonly #connections = new Set<RTCPeerConnection>();

  private constructor(udpMux: UdpMux, tcpMux: TcpMux, kaon: KaonOptions) {
    this.udpMux = udpMux;
    this.tcpMux = tcpMux;
    this.#kaon = { ...kaon, udpMux, tcpMux, tcpCandidates: [] };
  }

  static async listen({ port, addresses, kaon = {} }: SinglePortOptions): Promise<SinglePortServer> {
    const { network, clock } = kaon;
    const udpMux = await UdpMux.listen({ port, addresses, network, clock });
    try {
      const number = udpMux.addresses[0]?.port;
      return new SinglePortServer(udpMux, await TcpMux.listen({ port: number, addresses, network, clock }), kaon);
    } catch (error) {
      udpMux.close();
      throw error;
    }
  }

  /** How many there are. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Answers an offer; the candidates are known at once, so that they are all in the answer. What comes is sent back. */
  async answer(offer: string): Promise<string> {
    const connection = new RTCPeerConnection({ kaon: this.#kaon });
    this.#connections.add(connection);
    connection.addEventListener('connectionstatechange', () => {
      const { connectionState } = connection;
      if (connectionState !== 'failed' && connectionState !== 'disconnected') return;
      connection.close();
      this.#connections.delete(connection);
    });
    connection.addEventListener('datachannel', ({ channel }) => {
      channel.addEventListener('message', ({ data }) => channel.send(data));
    });
    try {
      await connection.setRemoteDescription({ type: 'offer', sdp: offer });
      await connection.setLocalDescription();
      if (connection.iceGatheringState !== 'complete') {
        await new Promise<void>((resolve) => {
          connection.addEventListener('icegatheringstatechange', () => {
            if (connection.iceGatheringState === 'complete') resolve();
          });
        });
      }
      return connection.localDescription?.sdp ?? '';
    } catch (error) {
      connection.close();
      this.#connections.delete(connection);
      throw error;
    }
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
    this.udpMux.close();
    this.tcpMux.close();
  }
}
