import type { Inputs } from '../media/inputs.ts';

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
      /** Unordered and never sent again. */
      readonly unreliable?: boolean;
    }
  | { readonly cmd: 'roundtrip'; readonly size: number; readonly seconds: number }
  | { readonly cmd: 'connect'; readonly count: number }
  | { readonly cmd: 'connect-at-once'; readonly count: number }
  | { readonly cmd: 'memory'; readonly count: number; readonly rounds: number }
  // One end here, the other one in another process.
  | { readonly cmd: 'offer'; readonly unreliable?: boolean }
  | { readonly cmd: 'answer'; readonly sdp: string }
  | { readonly cmd: 'accept'; readonly sdp: string }
  | { readonly cmd: 'opened' }
  | { readonly cmd: 'send'; readonly size: number; readonly seconds: number }
  | { readonly cmd: 'receive'; readonly warmup: number; readonly seconds: number; readonly unreliable?: boolean }
  | { readonly cmd: 'ping'; readonly size: number; readonly seconds: number }
  | { readonly cmd: 'echo' }
  // Media: what operations work on, then the operations one by one.
  | { readonly cmd: 'inputs'; readonly inputs: Inputs }
  | { readonly cmd: 'operation'; readonly id: string; readonly warmup: number; readonly seconds: number }
  // RTP between two connections of this process, as fast as it goes.
  | { readonly cmd: 'packets'; readonly warmup: number; readonly seconds: number }
  // A relay, whose publisher and viewers are in another process.
  | { readonly cmd: 'relay-publisher'; readonly sdp: string }
  | { readonly cmd: 'relay-viewer'; readonly sdp: string }
  | { readonly cmd: 'cpu'; readonly warmup: number; readonly seconds: number }
  // Publisher and viewers of a relay; Kaon only.
  | { readonly cmd: 'party-offer'; readonly role: 'publisher' | 'viewer' }
  | { readonly cmd: 'party-answer'; readonly sdp: string }
  /** `bitrate` in bit/s; 0: as fast as it goes. */
  | { readonly cmd: 'party-run'; readonly bitrate: number; readonly warmup: number; readonly seconds: number };

/** Answers, by command. Times in the unit their name says; CPU time is that of the whole process. */
export interface Answers {
  readonly hello: { readonly name: string; readonly version: string };
  readonly throughput: Answers['receive'];
  readonly roundtrip: { readonly p50: number; readonly p99: number; readonly count: number };
  readonly connect: { readonly milliseconds: readonly number[] };
  readonly 'connect-at-once': { readonly milliseconds: number; readonly cpuSeconds: number };
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
  /** What came and was as it had been sent; anything else is an error. */
  readonly receive: {
    readonly bytes: number;
    readonly messages: number;
    /** Messages that did not come, by the gaps in their numbers. */
    readonly lost: number;
    readonly seconds: number;
    readonly cpuSeconds: number;
    /** Resident bytes at the end. */
    readonly rss: number;
    /** Bytes of each connection. */
    readonly each: readonly number[];
  };
  readonly ping: Answers['roundtrip'];
  readonly echo: Record<string, never>;
  readonly inputs: Record<string, never>;
  /** Operations in a second; null where the library does not have it. */
  readonly operation: { readonly rate: number | null };
  readonly packets: {
    readonly sent: number;
    readonly received: number;
    readonly seconds: number;
    readonly cpuSeconds: number;
  };
  readonly 'relay-publisher': { readonly sdp: string };
  readonly 'relay-viewer': { readonly sdp: string };
  readonly cpu: { readonly cpuSeconds: number; readonly seconds: number };
  readonly 'party-offer': { readonly sdp: string };
  readonly 'party-answer': Record<string, never>;
  /** `received` by all viewers together. */
  readonly 'party-run': { readonly sent: number; readonly received: number; readonly seconds: number };
}
