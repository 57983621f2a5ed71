import type { MediaStreamTrack, RTCPeerConnection, RTCRtpSender } from '@kaon/webrtc';
import { type Answered, answer, onEnd } from './answer.ts';

/**
 * One publisher, any number of viewers. Packets are passed on as they come: nothing is decoded, and each viewer has its own
 * retransmissions and its own share of the network. A viewer that joins gets a key frame at once, because its sender asks the
 * publisher for one.
 */
export class Relay {
  readonly #createConnection: () => RTCPeerConnection;
  readonly #viewers = new Map<RTCPeerConnection, Map<string, RTCRtpSender>>();
  /** What is published, by kind. */
  #tracks = new Map<string, MediaStreamTrack>();
  #publisher: RTCPeerConnection | undefined;

  /** `createConnection` makes a connection; it decides about ICE servers and the like. */
  constructor(createConnection: () => RTCPeerConnection) {
    this.#createConnection = createConnection;
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  get isPublished(): boolean {
    return this.#publisher !== undefined;
  }

  /** Takes a publisher's offer, in the place of the publisher before it. */
  async publish(offer: string): Promise<Answered> {
    const connection = this.#createConnection();
    connection.ontrack = ({ track }) => {
      if (this.#publisher !== connection) return;
      this.#tracks.set(track.kind, track);
      void this.#showAll();
    };
    this.#publisher?.close();
    this.#publisher = connection;
    this.#tracks = new Map();
    const end = (): void => {
      connection.close();
      if (this.#publisher !== connection) return;
      this.#publisher = undefined;
      this.#tracks = new Map();
      void this.#showAll();
    };
    onEnd(connection, end);
    try {
      return { sdp: await answer(connection, offer), end };
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Takes a viewer's offer, whose sections receive. It may come before there is a publisher. */
  async watch(offer: string): Promise<Answered> {
    const connection = this.#createConnection();
    const senders = new Map<string, RTCRtpSender>();
    const end = (): void => {
      this.#viewers.delete(connection);
      connection.close();
    };
    onEnd(connection, end);
    try {
      const sdp = await answer(connection, offer, async () => {
        for (const transceiver of connection.getTransceivers()) {
          const { kind } = transceiver.receiver.track;
          if (senders.has(kind)) continue;
          transceiver.direction = 'sendonly';
          senders.set(kind, transceiver.sender);
        }
        this.#viewers.set(connection, senders);
        await this.#show(senders);
      });
      return { sdp, end };
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Ends all connections. */
  close(): void {
    this.#publisher?.close();
    this.#publisher = undefined;
    for (const connection of this.#viewers.keys()) connection.close();
    this.#viewers.clear();
  }

  async #showAll(): Promise<void> {
    await Promise.all([...this.#viewers.values()].map((senders) => this.#show(senders)));
  }

  /** No negotiation is needed for that: the sections are there, whoever publishes. */
  async #show(senders: ReadonlyMap<string, RTCRtpSender>): Promise<void> {
    for (const [kind, sender] of senders) await sender.replaceTrack(this.#tracks.get(kind) ?? null);
  }
}
