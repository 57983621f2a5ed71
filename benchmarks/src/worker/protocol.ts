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
  | { readonly cmd: 'connect'; readonly count: number; readonly route?: Route }
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
  | { readonly cmd: 'party-run'; readonly bitrate: number; readonly warmup: number; readonly seconds: number }
  // TURN: a server, and what loads any server; Pion's program only. Addresses of servers to be loaded have the port behind.
  | { readonly cmd: 'turn-server'; readonly address: string }
  | { readonly cmd: 'collect' }
  | TurnLoad
  | { readonly cmd: 'turn-allocate'; readonly address: string; readonly count: number }
  | { readonly cmd: 'turn-release' }
  // Many connections on one port: the port, and those who come to it from another process; Kaon only.
  | { readonly cmd: 'mux-listen' }
  | { readonly cmd: 'mux-answer'; readonly offers: readonly string[] }
  | { readonly cmd: 'mux-offer'; readonly count: number }
  | { readonly cmd: 'mux-accept'; readonly answers: readonly string[] }
  | { readonly cmd: 'mux-opened' }
  | { readonly cmd: 'mux-close' }
  | { readonly cmd: 'mux-figures' }
  // Idle connections in a simulated network; Kaon only.
  | { readonly cmd: 'idle'; readonly count: number; readonly minutes: number };

/** Data through allocations of a TURN server, both ways: at `rate` packets a second, or 0 with `window` packets on the way. */
export interface TurnLoad {
  /** `forward-load`: through a program that only forwards. */
  readonly cmd: 'turn-load' | 'forward-load';
  readonly address: string;
  /** The server's process. */
  readonly pid: number;
  /** How data is carried between the client and the server. */
  readonly id: 'channel' | 'indication';
  /** Allocations. */
  readonly count: number;
  /** Bytes of payload. */
  readonly size: number;
  readonly rate: number;
  /** Of each allocation in each direction. */
  readonly window: number;
  readonly warmup: number;
  readonly seconds: number;
}

/** The only way that connections may take. */
export interface Route {
  /** URLs. */
  readonly servers: readonly string[];
  readonly username: string;
  readonly credential: string;
  /** Nothing but relayed candidates. */
  readonly relayOnly: boolean;
  /** What TLS and DTLS servers show, where it has to be given to the library. */
  readonly certificate: string;
}

/** Answers, by command. Times in the unit their name says; CPU time is that of the whole process. */
export interface Answers {
  readonly hello: { readonly name: string; readonly version: string };
  readonly throughput: Answers['receive'];
  readonly roundtrip: { readonly p50: number; readonly p99: number; readonly count: number };
  /** `failed`: how many more did not come about. */
  readonly connect: { readonly milliseconds: readonly number[]; readonly failed: number };
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
  readonly 'turn-server': { readonly port: number; readonly version: string };
  readonly collect: { readonly allocations: number };
  readonly 'turn-load': {
    /** Packets that came out while CPU time was measured, that of the server's process. */
    readonly packets: number;
    readonly seconds: number;
    readonly cpuSeconds: number;
    readonly clientCpuSeconds: number;
    /** Altogether; `bad` came out other than it went in. */
    readonly sent: number;
    readonly received: number;
    readonly bad: number;
  };
  readonly 'forward-load': Answers['turn-load'];
  readonly 'turn-allocate': { readonly seconds: number };
  readonly 'turn-release': Record<string, never>;
  readonly 'mux-listen': Record<string, never>;
  readonly 'mux-answer': { readonly sdps: readonly string[] };
  readonly 'mux-offer': { readonly sdps: readonly string[] };
  readonly 'mux-accept': Record<string, never>;
  readonly 'mux-opened': Record<string, never>;
  readonly 'mux-close': Record<string, never>;
  readonly 'mux-figures': MuxFigures;
  readonly idle: IdleFigures;
}

/** What a process with a shared port holds now, garbage collected. Bytes, and numbers. */
export interface MuxFigures {
  readonly rss: number;
  /** With the memory of array buffers. */
  readonly heap: number;
  /** `RTCPeerConnection` objects that cannot be collected. */
  readonly objects: number;
  readonly sockets: number;
  readonly connections: number;
  /** Entries of the port's tables, without requests to connections that do not exist, which are kept for a moment. */
  readonly entries: number;
}

/** Of idle connections. */
export interface IdleFigures {
  /** Real seconds until all were connected. */
  readonly connectSeconds: number;
  /** Heap and memory outside of it, of one end of a connection, in bytes. */
  readonly bytesPerEnd: number;
  /** CPU seconds for a virtual minute of one end of a connection. */
  readonly cpuSecondsPerMinute: number;
  /** Connections that were still connected afterwards. */
  readonly alive: number;
  /** After close: bytes for each end, sockets, timers and table entries. */
  readonly leftBytesPerEnd: number;
  readonly leftSockets: number;
  readonly leftTimers: number;
  readonly leftEntries: number;
}
