import type { Instant } from '@kaon/interface/core/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { SequenceUnwrapper, TimestampUnwrapper } from '@kaon/rtp';
import { Deque } from '@kaon/wire';
import { countOption, InterceptorError, numberOption } from '../errors.ts';
import { ASSUMED_ROUND_TRIP } from '../stream.ts';
import { DelayEstimator } from './delay-estimator.ts';
import { FrameTally, type LeavingFrame } from './frame-tally.ts';

/** How a jitter buffer behaves. Times in ms. */
export interface JitterBufferOptions {
  /**
   * `adaptive` (default) gives packets at an even pace, delayed by as much as the network varies. `immediate` gives them as soon
   * as they are in order and lets late ones pass: for relays.
   */
  readonly mode?: 'adaptive' | 'immediate' | undefined;
  /** Least and largest delay. Default 0 and 2000. */
  readonly minDelay?: number | undefined;
  readonly maxDelay?: number | undefined;
  /** How long packets wait for one that is missing, where it is not asked for again. Default 20. */
  readonly reorderWait?: number | undefined;
  /** Share of frames that shall be in time: 0.5 to 1. Default 0.97. */
  readonly quantile?: number | undefined;
  /** Packets that are kept: a power of two. Default 1024. */
  readonly maxPackets?: number | undefined;
  /** Bytes that are kept. Default 8 MiB. */
  readonly maxBytes?: number | undefined;
}

/** What became of a packet that was put in. */
export type JitterBufferFate = 'kept' | 'late' | 'duplicate';

/** What a jitter buffer did. Members from the W3C statistics mean what they mean there. */
export interface JitterBufferStatistics {
  /** Packets that nobody waits for any more: gaps in what was given. */
  readonly packetsLost: number;
  /** Came after they were given up: dropped, or passed on in `immediate` mode. */
  readonly packetsLate: number;
  readonly packetsDuplicated: number;
  /** Times that everything was given at once for lack of room or after a jump of sequence numbers. */
  readonly flushes: number;
  readonly framesComplete: number;
  readonly framesIncomplete: number;
  /** Complete frames of more than one packet, and the seconds from the first to the last packet of each, summed up. */
  readonly framesAssembledFromMultiplePackets: number;
  readonly totalAssemblyTime: number;
  /** Seconds that frames (video) or samples (audio) stayed, summed up. */
  readonly jitterBufferDelay: number;
  /** The same sums of what was aimed at, and of what the network alone asked for. */
  readonly jitterBufferTargetDelay: number;
  readonly jitterBufferMinimumDelay: number;
  /** Frames or samples that those are sums of. */
  readonly jitterBufferEmittedCount: number;
}

/** Puts the packets of one stream in order, and holds them back for as long as the network makes them late. */
export class JitterBuffer {
  readonly #kind: 'audio' | 'video';
  readonly #immediate: boolean;
  readonly #reorderWait: number;
  readonly #maxBytes: number;
  readonly #mask: number;
  readonly #packets: (RtpPacketView | undefined)[];
  readonly #arrivals: Float64Array;
  /** When each packet would have come on the quickest way: later jumps of the time line do not move it. */
  readonly #earliest: Float64Array;
  readonly #sequences: SequenceUnwrapper = new SequenceUnwrapper();
  readonly #timestamps: TimestampUnwrapper = new TimestampUnwrapper();
  readonly #estimator: DelayEstimator;
  readonly #tally: FrameTally = new FrameTally();
  readonly #flushed: Deque<RtpPacketView> = new Deque();
  #minDelay: number;
  #maxDelay: number;
  #wanted = 0;
  #clockRate = 0;
  #lossWait: number;
  /** Numbers that do not wrap: the next packet to give, and the first one that is there. */
  #next = -1;
  #head = -1;
  #highest = -1;
  #started = false;
  #gap = false;
  #count = 0;
  #bytes = 0;
  #restartAt = -1;
  #lateRun = 0;
  #frameSamples = 0;
  #lost = 0;
  #late = 0;
  #duplicates = 0;
  #flushes = 0;
  #complete = 0;
  #incomplete = 0;
  #assembled = 0;
  #assemblyTime = 0;
  #delaySum = 0;
  #targetSum = 0;
  #minimumSum = 0;
  #emitted = 0;

  /** Throws `INTERCEPTOR_BAD_OPTION`. */
  constructor(kind: 'audio' | 'video', options: JitterBufferOptions = {}) {
    const size = checkedSize(options);
    this.#kind = kind;
    this.#immediate = options.mode === 'immediate';
    this.#minDelay = numberOption('minDelay', options.minDelay, 0);
    this.#maxDelay = numberOption('maxDelay', options.maxDelay, 2000);
    this.#reorderWait = numberOption('reorderWait', options.reorderWait, 20);
    this.#lossWait = this.#reorderWait;
    this.#maxBytes = countOption('maxBytes', options.maxBytes, 8 * 2 ** 20, 1);
    this.#estimator = new DelayEstimator(numberOption('quantile', options.quantile, 0.97, 0.5));
    this.#mask = size - 1;
    this.#packets = new Array(size).fill(undefined);
    this.#arrivals = new Float64Array(size);
    this.#earliest = new Float64Array(size);
  }

  /** Packets that wait. */
  get length(): number {
    return this.#count + this.#flushed.length;
  }

  /** How long the buffer means to hold the quickest packets, in ms. */
  get targetDelay(): number {
    return Math.min(this.#maxDelay, Math.max(this.#minDelay, this.#wanted, this.#estimator.delay));
  }

  /** The delay that the application wants at least, in ms (`jitterBufferTarget`, `playoutDelayHint`); undefined: as the network asks. */
  set wantedDelay(delay: number | undefined) {
    this.#wanted = delay ?? 0;
  }

  /** Other bounds of the delay in ms, such as those of the playout-delay header extension. */
  setDelayLimits(min: number, max: number): void {
    this.#minDelay = min;
    this.#maxDelay = Math.max(min, max);
  }

  /** Whether lost packets are asked for, and how long the round trip takes in ms: gaps are waited for as long as one asks again. */
  setRetransmission(enabled: boolean, roundTripTime: number = ASSUMED_ROUND_TRIP): void {
    const trips = this.#kind === 'video' ? VIDEO_TRIPS : AUDIO_TRIPS;
    this.#lossWait = enabled ? this.#reorderWait + trips * roundTripTime : this.#reorderWait;
  }

  get statistics(): JitterBufferStatistics {
    return {
      packetsLost: this.#lost,
      packetsLate: this.#late,
      packetsDuplicated: this.#duplicates,
      flushes: this.#flushes,
      framesComplete: this.#complete,
      framesIncomplete: this.#incomplete,
      framesAssembledFromMultiplePackets: this.#assembled,
      totalAssemblyTime: this.#assemblyTime,
      jitterBufferDelay: this.#delaySum,
      jitterBufferTargetDelay: this.#targetSum,
      jitterBufferMinimumDelay: this.#minimumSum,
      jitterBufferEmittedCount: this.#emitted,
    };
  }

  /** Puts a packet in; `clockRate` in Hz is that of its payload type. The packet belongs to the buffer when it is kept. */
  insert(packet: RtpPacketView, clockRate: number, now: Instant): JitterBufferFate {
    if (clockRate !== this.#clockRate) this.#changeClock(clockRate);
    const sequence = this.#place(packet.sequenceNumber, now);
    const mediaTime = (this.#timestamps.unwrap(packet.timestamp) * 1000) / clockRate;
    this.#estimator.arrive(mediaTime, now);
    if (sequence < this.#next) {
      this.#late++;
      this.#estimator.complete(now - mediaTime - this.#estimator.base);
      return 'late';
    }
    const at = sequence & this.#mask;
    if (this.#packets[at] !== undefined) {
      this.#duplicates++;
      return 'duplicate';
    }
    this.#packets[at] = packet;
    this.#arrivals[at] = now;
    this.#earliest[at] = mediaTime + this.#estimator.base;
    this.#count++;
    this.#bytes += packet.bytes.length;
    if (this.#count === 1 || sequence < this.#head) this.#head = sequence;
    if (this.#bytes > this.#maxBytes) this.#flush(now);
    return 'kept';
  }

  /** The next packet whose time has come, in order; what is missing before it shows in its sequence number. */
  poll(now: Instant): RtpPacketView | undefined {
    if (this.#flushed.length > 0) return this.#flushed.shift();
    return this.pollTimeout() <= now ? this.#release(now) : undefined;
  }

  /** When `poll` has something, or Infinity. */
  pollTimeout(): Instant {
    if (this.#flushed.length > 0) return Number.NEGATIVE_INFINITY;
    if (this.#count === 0) return Number.POSITIVE_INFINITY;
    const at = this.#head & this.#mask;
    const inOrder = this.#head === this.#next;
    const arrival = this.#arrivals[at]!;
    if (this.#immediate) return inOrder ? Number.NEGATIVE_INFINITY : arrival + this.#reorderWait;
    const playout = this.#earliest[at]! + this.targetDelay;
    if (inOrder) return Math.min(playout, arrival + this.#maxDelay);
    return Math.min(Math.max(playout, arrival + this.#lossWait), arrival + Math.max(this.#maxDelay, this.#reorderWait));
  }

  #release(now: Instant): RtpPacketView {
    const at = this.#head & this.#mask;
    const packet = this.#packets[at]!;
    const missing = this.#head - this.#next;
    if (missing > 0) {
      this.#lost += missing;
      this.#gap = true;
    }
    this.#packets[at] = undefined;
    this.#count--;
    this.#bytes -= packet.bytes.length;
    this.#next = this.#head + 1;
    this.#started = true;
    if (this.#count > 0) while (this.#packets[++this.#head & this.#mask] === undefined);
    const arrival = this.#arrivals[at]!;
    const frame = this.#tally.leave(packet, arrival, arrival - this.#earliest[at]!, this.#gap, now);
    if (frame !== undefined) this.#account(frame, packet.timestamp, !this.#gap);
    if (packet.payloadEnd > packet.payloadOffset) this.#gap = false;
    return packet;
  }

  /** `isNext`: the frame with `nextTimestamp` is the one behind it. */
  #account(frame: LeavingFrame, nextTimestamp: number, isNext: boolean): void {
    if (frame.complete) this.#complete++;
    else this.#incomplete++;
    if (frame.complete && frame.packets > 1) {
      this.#assembled++;
      this.#assemblyTime += (frame.lastArrival - frame.firstArrival) / 1000;
    }
    const minimum = this.#estimator.delay;
    // Packets of a telephone event have one timestamp while it lasts (RFC 4733 §2.5.1.2): that is not the network's doing.
    if (this.#kind === 'video' || frame.packets === 1) this.#estimator.complete(frame.late);
    const samples = (nextTimestamp - frame.timestamp) >>> 0;
    // Longer steps are pauses, and those over a gap of several packets: they say nothing of the length of one.
    if (isNext && samples <= this.#clockRate * MAX_AUDIO_SECONDS) this.#frameSamples = samples;
    const count = this.#kind === 'video' ? 1 : this.#frameSamples;
    this.#emitted += count;
    this.#delaySum += ((frame.leftAt - frame.firstArrival) / 1000) * count;
    this.#targetSum += (this.targetDelay / 1000) * count;
    this.#minimumSum += (Math.min(this.#maxDelay, minimum) / 1000) * count;
  }

  /** The number of a packet on an axis that does not wrap; makes room where it is far ahead or the stream began anew. */
  #place(sequenceNumber: number, now: Instant): number {
    const sequence = this.#sequences.unwrap(sequenceNumber);
    if (this.#next < 0) return this.#begin(sequence, false);
    const size = this.#mask + 1;
    if (sequence >= this.#next + size) {
      this.#flush(now);
      this.#lost += Math.min(sequence - this.#next, size);
      this.#gap = true;
      return this.#begin(sequence, true);
    }
    if (sequence >= this.#next) this.#lateRun = 0;
    else if (!this.#started && this.#highest - sequence <= this.#mask) this.#next = sequence;
    else if (this.#isRestart(sequenceNumber, sequence < this.#next - size)) return this.#restart(sequenceNumber, now);
    if (sequence > this.#highest) this.#highest = sequence;
    return sequence;
  }

  /**
   * Whether the sender began anew: two packets in a row that are far behind (RFC 3550 §A.1), or many that are late with none in
   * time between them.
   */
  #isRestart(sequenceNumber: number, far: boolean): boolean {
    const isNext = sequenceNumber === this.#restartAt;
    if (far) this.#restartAt = (sequenceNumber + 1) & 0xffff;
    return (far && isNext) || ++this.#lateRun >= MAX_LATE_RUN;
  }

  #restart(sequenceNumber: number, now: Instant): number {
    this.#flush(now);
    this.#sequences.reset();
    this.#timestamps.reset();
    this.#estimator.reset();
    this.#gap = true;
    return this.#begin(this.#sequences.unwrap(sequenceNumber), true);
  }

  /** As long as nothing was given, packets before the first one have a place in front of it. */
  #begin(sequence: number, started: boolean): number {
    this.#next = sequence;
    this.#head = sequence;
    this.#highest = sequence;
    this.#started = started;
    this.#restartAt = -1;
    this.#lateRun = 0;
    return sequence;
  }

  /** Gives everything at once. */
  #flush(now: Instant): void {
    this.#flushes++;
    while (this.#count > 0) {
      if (this.#flushed.length > this.#mask) this.#flushed.shift();
      this.#flushed.push(this.#release(now));
    }
  }

  #changeClock(clockRate: number): void {
    this.#clockRate = clockRate;
    this.#timestamps.reset();
    this.#estimator.reset();
  }
}

function checkedSize(options: JitterBufferOptions): number {
  const size = countOption('maxPackets', options.maxPackets, 1024, 2);
  if (size > 32_768 || (size & (size - 1)) !== 0)
    throw new InterceptorError('INTERCEPTOR_BAD_OPTION', `maxPackets must be a power of two up to 32768, not ${size}`);
  if (options.mode !== undefined && options.mode !== 'adaptive' && options.mode !== 'immediate')
    throw new InterceptorError('INTERCEPTOR_BAD_OPTION', `mode must be adaptive or immediate, not ${options.mode}`);
  if ((options.quantile ?? 1) > 1) throw new InterceptorError('INTERCEPTOR_BAD_OPTION', 'quantile must be at most 1');
  return size;
}

/** Late packets with none in time between them, after which it is the buffer that is wrong. */
const MAX_LATE_RUN = 64;
/** Round trips that a gap is waited for: a frame of video costs all that build on it, one of audio can be concealed. */
const VIDEO_TRIPS = 5.5;
const AUDIO_TRIPS = 1.5;
/** Longest audio packet: 120 ms (Opus). */
const MAX_AUDIO_SECONDS = 0.12;
