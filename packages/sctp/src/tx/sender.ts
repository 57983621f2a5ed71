import type { Instant } from '@kaon/interface/core/v1';
import { before32 } from '@kaon/wire';
import type { Events } from '../association/events.ts';
import { padded } from '../chunks/chunk.ts';
import {
  DATA_HEADER_SIZE,
  FLAG_BEGIN,
  FLAG_END,
  FLAG_IMMEDIATE,
  FLAG_UNORDERED,
  writeDataHeader,
} from '../chunks/data.ts';
import { I_DATA_HEADER_SIZE, writeIDataHeader } from '../chunks/i-data.ts';
import type { Settings } from '../options.ts';
import { HEADER_SIZE } from '../packet/header.ts';
import { Acknowledgement, VALID } from './acknowledgement.ts';
import { Congestion } from './congestion.ts';
import { ForwardPoint } from './forward-point.ts';
import type { OutMessage } from './out-stream.ts';
import { OutageProbe } from './outage-probe.ts';
import { GAP_ACKED, IN_FLIGHT, Outstanding } from './outstanding.ts';
import { Pacer } from './pacer.ts';
import { Retransmission } from './retransmission.ts';
import { Rto } from './rto.ts';
import { SendQueue } from './send-queue.ts';
import { TailProbe } from './tail-probe.ts';

/** What the handshake settled for the sending side. */
export interface SendTerms {
  readonly initialTsn: number;
  /** Bytes the peer will take at first. */
  readonly peerWindow: number;
  readonly interleaving: boolean;
  readonly partialReliability: boolean;
}

/** The sending half of an association: fills packets with DATA and acts on SACKs and on T3-rtx. */
export class Sender {
  readonly queue: SendQueue;
  readonly rto: Rto;
  readonly #settings: Settings;
  congestion: Congestion;
  outstanding: Outstanding;
  forward: ForwardPoint;
  #retransmission: Retransmission;
  #acknowledgement: Acknowledgement;
  #interleaving = false;
  /** The peer's window as its last SACK said, in bytes. */
  peerWindow = 0;
  #pacer = new Pacer();
  #tailProbe = new TailProbe();
  readonly #outageProbe = new OutageProbe();
  /** When T3-rtx, or the probe ahead of it, runs out. */
  #timer: Instant = Number.POSITIVE_INFINITY;
  /** When pacing lets the next burst go. */
  #paceAt: Instant = Number.POSITIVE_INFINITY;
  /** A probe may be sent past the congestion window. */
  #mayProbe = false;
  /** What is sent again is a probe of an outage: T3-rtx goes on. */
  #inOutage = false;
  /** Whether the deadline is that of a probe (RFC 8985 §7), which comes before T3-rtx and costs no window. */
  #probing = false;
  /** Whether the last chunk sent asked for an immediate SACK. */
  #askedAtOnce = false;
  /** Bytes that may still leave before the next SACK. */
  #burst: number;
  /** When a SACK last said so. */
  #clockedAt: Instant = 0;
  retransmittedChunks = 0;
  timeouts = 0;
  probes = 0;

  constructor(settings: Settings, events: Events) {
    this.#settings = settings;
    this.queue = new SendQueue(events, settings.sendQueueLimit);
    this.rto = new Rto(settings.rtoInitial, settings.rtoMin, settings.rtoMax);
    this.congestion = new Congestion(settings.maxPacketSize - HEADER_SIZE, settings.congestionControl);
    this.outstanding = new Outstanding(0, DATA_HEADER_SIZE);
    this.forward = new ForwardPoint(this.outstanding, false);
    this.#retransmission = new Retransmission(this.outstanding, this.queue, this.forward, false);
    this.#acknowledgement = new Acknowledgement(this.outstanding, this.congestion, this.rto, this.#retransmission);
    this.#burst = settings.maxBurst * this.congestion.mtu;
  }

  /** The association is up, or begins anew. */
  establish(terms: SendTerms): void {
    this.#interleaving = terms.interleaving;
    this.queue.interleaving = terms.interleaving;
    this.queue.begunLimit = terms.peerWindow / 2;
    this.peerWindow = terms.peerWindow;
    this.congestion = new Congestion(this.congestion.mtu, this.#settings.congestionControl);
    this.outstanding = new Outstanding(terms.initialTsn, terms.interleaving ? I_DATA_HEADER_SIZE : DATA_HEADER_SIZE);
    this.forward = new ForwardPoint(this.outstanding, terms.interleaving);
    this.#retransmission = new Retransmission(this.outstanding, this.queue, this.forward, terms.partialReliability);
    this.#acknowledgement = new Acknowledgement(this.outstanding, this.congestion, this.rto, this.#retransmission);
    this.#pacer = new Pacer();
    this.#tailProbe = new TailProbe();
    this.stop();
    this.#probing = false;
    this.#mayProbe = false;
    this.#inOutage = false;
    this.#burst = this.#settings.maxBurst * this.congestion.mtu;
  }

  /** When `handleTimeout` is to be called. */
  get deadline(): Instant {
    let next = this.#timer;
    if (this.#paceAt < next) next = this.#paceAt;
    const reordering = this.#acknowledgement.reorderingDeadline;
    if (reordering < next) next = reordering;
    const outage = this.#outageProbe.deadline;
    return Math.min(outage, next);
  }

  /** Ends all waiting. */
  stop(): void {
    this.#timer = Number.POSITIVE_INFINITY;
    this.#paceAt = Number.POSITIVE_INFINITY;
    this.#acknowledgement.reorderingDeadline = Number.POSITIVE_INFINITY;
    this.#outageProbe.stop();
  }

  /** Whether all that was written has reached the peer. */
  get isDone(): boolean {
    return this.queue.isEmpty && this.outstanding.isEmpty;
  }

  get abandonedMessages(): number {
    return this.#retransmission.abandoned + this.queue.expired;
  }

  get fastRetransmits(): number {
    return this.#acknowledgement.fastRetransmits;
  }

  /** Whether packets were seen to overtake each other. */
  get reorderingSeen(): boolean {
    return this.#acknowledgement.rack.reorderingSeen;
  }

  /** A SACK chunk at `at`, its shape checked. Answers STALE, VALID or UNSENT (see `Acknowledgement`). */
  handleSack(bytes: Uint8Array, at: number, peerWindow: number, now: Instant): number {
    const verdict = this.#acknowledgement.handle(bytes, at, now);
    if (verdict !== VALID) return verdict;
    const before = this.peerWindow;
    this.peerWindow = peerWindow;
    if (!this.#acknowledgement.advanced && before < this.congestion.mtu && peerWindow >= this.congestion.mtu) {
      // The window opens again, and what was sent into the closed one was not kept.
      this.#retransmission.loseAll(now);
    }
    this.#afterAcknowledgement(now);
    return verdict;
  }

  /** The cumulative TSN that a SHUTDOWN carries. */
  handleCumulative(cumulative: number, now: Instant): number {
    const verdict = this.#acknowledgement.handleCumulative(cumulative, now);
    if (verdict === VALID) this.#afterAcknowledgement(now);
    return verdict;
  }

  #afterAcknowledgement(now: Instant): void {
    const acked = this.#acknowledgement.acked;
    this.#clockedAt = now;
    if (acked > 0) {
      this.#outageProbe.stop();
      this.#inOutage = false;
      if (this.#tailProbe.tsn !== undefined) this.#judgeProbe(this.#tailProbe.tsn, now);
    }
    this.#burst = this.#settings.maxBurst * this.congestion.mtu + 2 * acked;
    if (this.#acknowledgement.advanced) {
      this.forward.advance();
      this.#arm(now, true);
    } else if (this.forward.isPending) {
      this.forward.remind(now, this.rto.smoothed ?? this.rto.value);
    }
    if (!this.#isBusy()) {
      this.#timer = Number.POSITIVE_INFINITY;
      this.#outageProbe.stop();
    }
  }

  /** The chunk of the last probe may have arrived. */
  #judgeProbe(tsn: number, now: Instant): void {
    const o = this.outstanding;
    if (before32(o.cumulative, tsn) && o.state[tsn & o.mask] !== GAP_ACKED) return;
    const { rack, reportsDuplicate } = this.#acknowledgement;
    if (this.#tailProbe.arrived(rack.leastRoundTrip, reportsDuplicate, now)) this.congestion.lost(o.last);
  }

  /** The deadline was reached. Answers true when this was T3-rtx, which counts against the peer (RFC 9260 §8.1). */
  handleTimeout(now: Instant): boolean {
    // Whoever polls next looks again.
    if (now >= this.#paceAt) this.#paceAt = Number.POSITIVE_INFINITY;
    if (now >= this.#acknowledgement.reorderingDeadline) this.#acknowledgement.detect(now);
    if (now >= this.#outageProbe.deadline) this.#probeOutage(now);
    if (now < this.#timer) return false;
    this.#acknowledgement.timerRanOut(now);
    if (this.#probing) {
      this.#probe(now);
      return false;
    }
    this.timeouts++;
    this.rto.backoff();
    this.#acknowledgement.spurious.begin(true);
    this.#tailProbe.forget();
    this.#inOutage = false;
    // A closed window is not congestion.
    if (this.peerWindow > 0) this.congestion.timedOut();
    if (this.peerWindow >= this.congestion.mtu) this.#outageProbe.begin(this.rto.smoothed, now);
    this.#retransmission.loseAll(now);
    this.#acknowledgement.reorderingDeadline = Number.POSITIVE_INFINITY;
    this.#burst = this.#settings.maxBurst * this.congestion.mtu;
    if (this.forward.isPending) this.forward.due = true;
    this.#arm(now, false);
    return true;
  }

  /** Whether `writeData` or a FORWARD TSN might have something now. */
  get hasOutput(): boolean {
    return this.forward.due || this.outstanding.lost > 0 || !this.queue.isEmpty;
  }

  /**
   * Writes chunks to `buffer[start, limit)` and answers the new end. `capacity` is what chunks have in a packet of
   * their own. A chunk that left when packets were larger is sent again alone, up to `most`: it cannot be cut again.
   */
  writeData(
    buffer: Uint8Array,
    start: number,
    limit: number,
    capacity: number,
    now: Instant,
    most: number = limit,
  ): number {
    const o = this.outstanding;
    const congestion = this.congestion;
    // The slot tells what the path takes; a driver may change it at any time.
    if (capacity !== congestion.mtu) congestion.setMtu(capacity);
    if (o.flight === 0) {
      congestion.sending(now, this.rto.value, 0);
      const least = this.#settings.maxBurst * congestion.mtu;
      // What the last SACK clocked out is no credit for later.
      if (this.#burst < least || now - this.#clockedAt > (this.rto.smoothed ?? 0)) this.#burst = least;
    }
    if (this.#isHeldBack(now)) return start;
    let at = start;
    let lastChunk = -1;
    while (o.lost > 0) {
      const tsn = o.firstLost();
      const i = tsn & o.mask;
      const message = o.messages[i]!;
      if (this.#retransmission.isExpired(message, now)) {
        this.#retransmission.abandon(message, now);
        continue;
      }
      const size = o.chunkSize(i);
      if (at + size > limit && (at > start || size <= capacity || at + size > most))
        return this.#finish(at, start, now);
      if (o.flight >= congestion.window && !this.#mayProbe) {
        congestion.limited = true;
        return this.#finish(at, start, now);
      }
      const earliest = tsn === (o.cumulative + 1) >>> 0;
      o.resent(i, now);
      if (!this.#inOutage) this.#acknowledgement.spurious.resent(tsn);
      this.retransmittedChunks++;
      lastChunk = at;
      at = this.#writeChunk(buffer, at, tsn, i, message);
      // R3 of RFC 9260 §6.3.2: the timer follows the earliest chunk.
      if (earliest && !this.#inOutage) this.#arm(now, false);
      this.#mayProbe = false;
    }
    const header = o.headerSize;
    this.queue.wholeSize = capacity - header;
    let immediate = false;
    for (;;) {
      const message = this.queue.next(now);
      if (message === undefined) {
        congestion.limited = false;
        immediate = true;
        break;
      }
      if (message.sent > 0 && this.#retransmission.isExpired(message, now)) {
        this.#retransmission.abandon(message, now);
        continue;
      }
      if (o.flight >= congestion.window && !this.#mayProbe) {
        congestion.limited = true;
        immediate = true;
        break;
      }
      const room = limit - at - header;
      const left = message.data.length - message.sent;
      let length = left;
      if (left > room) {
        // A message that fits a packet of its own is not cut; nor are slivers.
        if (room < 4 || (at > start && (room < LEAST_FRAGMENT || left <= capacity - header))) break;
        if (at === start && left <= capacity - header && limit - at < capacity) break;
        length = room & ~3;
      }
      if (o.payload > 0 && (length > this.peerWindow - o.payload || length > this.#burst || o.isFull)) {
        immediate = true;
        break;
      }
      lastChunk = at;
      at = this.#writeNew(buffer, at, message, length, now);
      this.#mayProbe = false;
    }
    if (lastChunk >= 0) {
      this.#askedAtOnce = immediate;
      if (immediate) buffer[lastChunk + 1]! |= FLAG_IMMEDIATE;
    }
    return this.#finish(at, start, now);
  }

  #finish(at: number, start: number, now: Instant): number {
    if (at === start) return at;
    this.#pacer.left(at - start);
    if (this.#timer === Number.POSITIVE_INFINITY) this.#arm(now, true);
    return at;
  }

  /** Whether the next packet has to wait for its turn, which `deadline` then tells. */
  #isHeldBack(now: Instant): boolean {
    const congestion = this.congestion;
    const pacer = this.#pacer;
    const gain = congestion.inSlowStart ? 2 : 1.25;
    const { rto } = this;
    pacer.update(congestion.window, congestion.mtu, rto.smoothed, rto.smallest, gain, now);
    this.#paceAt = Number.POSITIVE_INFINITY;
    const flight = this.outstanding.flight;
    if (flight === 0 || pacer.mayLeave || this.#mayProbe) return false;
    if (flight < congestion.window) {
      this.#paceAt = pacer.next(now);
      // The window is what sets the pace.
      if (!this.queue.isEmpty) congestion.limited = true;
    }
    return true;
  }

  #writeNew(buffer: Uint8Array, at: number, message: OutMessage, length: number, now: Instant): number {
    const o = this.outstanding;
    const offset = message.sent;
    let flags = message.unordered ? FLAG_UNORDERED : 0;
    if (offset === 0) {
      flags |= FLAG_BEGIN;
      this.#number(message);
      message.firstTsn = o.next;
    }
    if (offset + length === message.data.length) flags |= FLAG_END;
    const tsn = o.add(message, offset, length, message.fragment, flags, now);
    message.fragment++;
    message.lastTsn = tsn;
    message.stream.lastTsn = tsn;
    const end = this.#writeChunk(buffer, at, tsn, tsn & o.mask, message);
    this.#burst -= end - at;
    this.queue.sent(message, length);
    return end;
  }

  /** Gives the message its SSN (RFC 9260 §6.5) or MID (RFC 8260 §2.2). */
  #number(message: OutMessage): void {
    const stream = message.stream;
    if (this.#interleaving) {
      if (message.unordered) {
        message.number = stream.nextUnordered;
        stream.nextUnordered = (stream.nextUnordered + 1) >>> 0;
      } else {
        message.number = stream.nextOrdered;
        stream.nextOrdered = (stream.nextOrdered + 1) >>> 0;
      }
    } else if (!message.unordered) {
      message.number = stream.nextOrdered;
      stream.nextOrdered = (stream.nextOrdered + 1) & 0xffff;
    }
  }

  #writeChunk(buffer: Uint8Array, at: number, tsn: number, index: number, message: OutMessage): number {
    const o = this.outstanding;
    const offset = o.offset[index]!;
    const length = o.length[index]!;
    const flags = o.flags[index]!;
    const id = message.stream.id;
    if (this.#interleaving) {
      const last = flags & FLAG_BEGIN ? message.ppid : o.fragment[index]!;
      writeIDataHeader(buffer, at, flags, length, tsn, id, message.number, last);
    } else {
      writeDataHeader(buffer, at, flags, length, tsn, id, message.number, message.ppid);
    }
    const start = at + o.headerSize;
    const data = message.data;
    buffer.set(offset === 0 && length === data.length ? data : data.subarray(offset, offset + length), start);
    const end = at + padded(o.headerSize + length);
    for (let i = start + length; i < end; i++) buffer[i] = 0;
    return end;
  }

  /** (Re)starts T3-rtx, or the probe ahead of it when that comes sooner and may still be sent. */
  #arm(now: Instant, probe: boolean): void {
    const rto = this.rto.value;
    const smoothed = this.rto.smoothed;
    this.#probing = false;
    this.#timer = now + rto;
    if (!probe || smoothed === undefined || this.outstanding.flight === 0) return;
    const delay = this.#tailProbe.delay(smoothed, this.#askedAtOnce, rto);
    if (delay === undefined) return;
    this.#probing = true;
    this.#timer = now + delay;
  }

  /** Sends something new or, failing that, the latest chunk once more (RFC 8985 §7.3). */
  #probe(now: Instant): void {
    const o = this.outstanding;
    this.#arm(now, false);
    if (o.lost === 0 && !this.queue.isEmpty && o.payload + this.congestion.mtu <= this.peerWindow && !o.isFull) {
      this.probes++;
      this.#mayProbe = true;
      this.#burst = Math.max(this.#burst, this.congestion.mtu);
      return;
    }
    let tsn = o.last;
    while (tsn !== o.cumulative && o.state[tsn & o.mask] !== IN_FLIGHT) tsn = (tsn - 1) >>> 0;
    if (tsn === o.cumulative || !this.#retransmission.mayResend(tsn & o.mask, now)) return;
    this.probes++;
    this.#mayProbe = true;
    this.#tailProbe.repeated(tsn, now);
    o.markLost(tsn);
  }

  /** The path may be back: asks by the earliest chunk. */
  #probeOutage(now: Instant): void {
    const o = this.outstanding;
    this.#outageProbe.sent(now);
    this.#acknowledgement.timerRanOut(now);
    if (this.forward.isPending) this.forward.due = true;
    const first = (o.cumulative + 1) >>> 0;
    const index = first & o.mask;
    if (o.isEmpty || o.state[index] !== IN_FLIGHT || !this.#retransmission.mayResend(index, now)) return;
    this.#inOutage = true;
    o.markLost(first);
  }

  #isBusy(): boolean {
    return this.outstanding.flight > 0 || this.outstanding.lost > 0 || this.forward.isPending;
  }
}

/** The least part of a message worth cutting off to fill a packet, in bytes. */
const LEAST_FRAGMENT = 256;
