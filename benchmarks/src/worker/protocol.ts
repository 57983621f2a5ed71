/** What the runner asks of a worker, one JSON object per line on stdin; each gets one answer on stdout. */
export type Command =
  | { readonly cmd: 'hello' }
  // Both ends in this process.
  | {
      readonly cmd: 'throughput';
      readonly connections: number;
      readonly size: number;
      readonly warmup: number;
      readonly seconds: number;
    }
  | { readonly cmd: 'roundtrip'; readonly size: number; readonly seconds: number }
  | { readonly cmd: 'connect'; readonly count: number }
  | { readonly cmd: 'memory'; readonly count: number; readonly rounds: number }
  // One end here, the other one in another process.
  | { readonly cmd: 'offer' }
  | { readonly cmd: 'answer'; readonly sdp: string }
  | { readonly cmd: 'accept'; readonly sdp: string }
  | { readonly cmd: 'opened' }
  | { readonly cmd: 'send'; readonly size: number; readonly seconds: number }
  | { readonly cmd: 'receive'; readonly warmup: number; readonly seconds: number }
  | { readonly cmd: 'ping'; readonly size: number; readonly seconds: number }
  | { readonly cmd: 'echo' };

/** Answers, by command. Times in the unit their name says; CPU time is that of the whole process. */
export interface Answers {
  readonly hello: { readonly name: string; readonly version: string };
  readonly throughput: { readonly bytes: number; readonly seconds: number; readonly cpuSeconds: number };
  readonly roundtrip: { readonly p50: number; readonly p99: number; readonly count: number };
  readonly connect: { readonly milliseconds: readonly number[] };
  readonly memory: {
    /** Resident bytes before the first round, and with all connections of the first round open. */
    readonly rssBefore: number;
    readonly rssOpen: number;
    /** After each round, everything closed and garbage collected. `heap` is absent where there is none to measure. */
    readonly rssClosed: readonly number[];
    readonly heapClosed?: readonly number[];
  };
  readonly offer: { readonly sdp: string };
  readonly answer: { readonly sdp: string };
  readonly accept: Record<string, never>;
  readonly opened: Record<string, never>;
  readonly send: { readonly cpuSeconds: number };
  readonly receive: { readonly bytes: number; readonly seconds: number; readonly cpuSeconds: number };
  readonly ping: Answers['roundtrip'];
  readonly echo: Record<string, never>;
}
