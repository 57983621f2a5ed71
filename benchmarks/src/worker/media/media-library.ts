import type { PacketLine } from './flood.ts';

/** What the benchmarks need of the media half of a library. */
export interface MediaLibrary {
  /** Two connected ends with video from one to the other. */
  packetLine(): Promise<PacketLine>;
  /** A connection of a relay that takes the video of this offer; returns the answer with candidates. */
  publisher(offer: string): Promise<string>;
  /** A connection of the relay that sends what the publisher sends. */
  viewer(offer: string): Promise<string>;
}
