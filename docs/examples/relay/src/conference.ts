import type { MediaStreamTrack, RTCPeerConnection, RTCRtpSender } from '@kaon/webrtc';
import { type Answered, answer, onEnd } from './answer.ts';

/**
 * A call of a few: everybody sends once and receives everybody else. A participant's offer has a section of each kind that sends,
 * and as many that only receive as there may be others; who comes and goes is put into those without negotiating again.
 */
export class Conference {
  readonly #createConnection: () => RTCPeerConnection;
  readonly #participants = new Set<Participant>();

  constructor(createConnection: () => RTCPeerConnection) {
    this.#createConnection = createConnection;
  }

  get size(): number {
    return this.#participants.size;
  }

  /** Takes a participant's offer. */
  async join(offer: string): Promise<Answered> {
    const connection = this.#createConnection();
    const participant: Participant = { connection, tracks: new Map(), seats: [] };
    connection.ontrack = ({ track }) => {
      participant.tracks.set(track.kind, track);
      void this.#seatAll();
    };
    const end = (): void => {
      connection.close();
      if (this.#participants.delete(participant)) void this.#seatAll();
    };
    onEnd(connection, end);
    try {
      const sdp = await answer(connection, offer, () => {
        for (const transceiver of connection.getTransceivers()) {
          // The peer receives here and sends nothing: a seat for somebody else.
          if (sends(participant, transceiver.receiver.track)) continue;
          transceiver.direction = 'sendonly';
          participant.seats.push({ kind: transceiver.receiver.track.kind, sender: transceiver.sender, of: undefined });
        }
        this.#participants.add(participant);
        return this.#seatAll();
      });
      return { sdp, end };
    } catch (error) {
      end();
      throw error;
    }
  }

  /** Ends all connections. */
  close(): void {
    for (const { connection } of this.#participants) connection.close();
    this.#participants.clear();
  }

  async #seatAll(): Promise<void> {
    await Promise.all([...this.#participants].map((one) => this.#seat(one)));
  }

  /** Whoever sits stays; who left makes room, who came takes the first free seat of each kind. */
  async #seat(participant: Participant): Promise<void> {
    const changed = new Set<Seat>();
    for (const seat of participant.seats) {
      if (seat.of === undefined || this.#participants.has(seat.of)) continue;
      seat.of = undefined;
      changed.add(seat);
    }
    for (const other of this.#participants) {
      if (other === participant) continue;
      for (const kind of other.tracks.keys()) {
        if (participant.seats.some((seat) => seat.of === other && seat.kind === kind)) continue;
        const free = participant.seats.find((seat) => seat.of === undefined && seat.kind === kind);
        if (free === undefined) continue;
        free.of = other;
        changed.add(free);
      }
    }
    for (const seat of changed) await seat.sender.replaceTrack(seat.of?.tracks.get(seat.kind) ?? null);
  }
}

interface Participant {
  readonly connection: RTCPeerConnection;
  /** What it sends, by kind. */
  readonly tracks: Map<string, MediaStreamTrack>;
  readonly seats: Seat[];
}

/** A section by which one participant sees another. */
interface Seat {
  readonly kind: string;
  readonly sender: RTCRtpSender;
  of: Participant | undefined;
}

function sends(participant: Participant, track: MediaStreamTrack): boolean {
  return participant.tracks.get(track.kind) === track;
}
