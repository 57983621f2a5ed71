/** From the main thread to a shard. */
export interface Question {
  readonly id: number;
  readonly offer: string;
}

/** From a shard to the main thread: one of the two. */
export interface Answer {
  readonly id: number;
  readonly sdp?: string;
  readonly error?: string;
}
