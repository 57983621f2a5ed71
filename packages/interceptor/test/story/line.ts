import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { decodeRtp, isRtcp } from '@kaon/rtp';
import { decodeRtcp, encodeRtcp, type RtcpPacket } from '@kaon/rtp/rtcp';
import { Netem, type NetemOptions, type SeededRandom, seededRandom } from '@kaon/testing';
import { isMalformed } from '@kaon/wire';
import {
  type DefaultInterceptors,
  type DefaultInterceptorsOptions,
  defaultInterceptors,
  InterceptorChain,
} from '../../src/index.ts';

/** One end: a chain of the usual stages, and what came out of it. */
export class End {
  readonly chain: InterceptorChain;
  readonly parts: DefaultInterceptors;
  readonly got: { readonly packet: RtpPacketView; readonly at: number }[] = [];
  readonly events: unknown[] = [];
  readonly rtcp: RtcpPacket[] = [];
  rtpSent = 0;

  constructor(random: SeededRandom, clock: () => number, options: Partial<DefaultInterceptorsOptions>) {
    this.parts = defaultInterceptors({ random, wallClock: () => 1_767_225_600_000 + clock(), ...options });
    this.chain = new InterceptorChain(this.parts.stages, { reducedSize: true });
  }

  /** Sequence numbers that came out. */
  get sequences(): number[] {
    return this.got.map(({ packet }) => packet.sequenceNumber);
  }
}

/** How two ends are joined. */
export interface LineOptions {
  readonly netem?: NetemOptions;
  readonly back?: NetemOptions;
  readonly a?: Partial<DefaultInterceptorsOptions>;
  readonly b?: Partial<DefaultInterceptorsOptions>;
}

/** Two chains with a bad line between them, in virtual time. */
export class Line {
  readonly a: End;
  readonly b: End;
  readonly toB: Netem;
  readonly toA: Netem;
  now = 1000;
  /** Looks at RTP on its way to b: false loses it. */
  tap: (packet: RtpPacketView) => boolean = () => true;

  constructor(seed: number, { netem = { delay: 20 }, back = netem, a = {}, b = {} }: LineOptions = {}) {
    const random = seededRandom(seed);
    this.a = new End(random.fork('a'), () => this.now, a);
    this.b = new End(random.fork('b'), () => this.now, b);
    this.toB = new Netem(netem, random.fork('to b'));
    this.toA = new Netem(back, random.fork('to a'));
  }

  /** Runs for this many ms, in steps of deadlines and arrivals; `each` is called every ms first. */
  run(ms: number, each: (ms: number) => void = () => undefined): void {
    for (let i = 0; i < ms; i++) {
      each(i);
      this.#pump();
      this.now++;
    }
    this.#pump();
  }

  #pump(): void {
    const { a, b, now } = this;
    this.#deliver(this.toA, a);
    this.#deliver(this.toB, b);
    for (const [end, line] of [
      [a, this.toB],
      [b, this.toA],
    ] as const) {
      if (end.chain.pollTimeout() <= now) {
        end.chain.handleTimeout(now);
        if (end.chain.pollTimeout() <= now) throw new Error(`a deadline stays at ${now}`);
      }
      this.#drain(end, line);
    }
  }

  #drain(end: End, line: Netem): void {
    const { chain } = end;
    const { now } = this;
    for (let packet = chain.pollIncomingRtp(now); packet !== undefined; packet = chain.pollIncomingRtp(now))
      end.got.push({ packet, at: now });
    for (let event = chain.pollEvent(); event !== undefined; event = chain.pollEvent()) end.events.push(event);
    for (let packet = chain.pollOutgoingRtp(now); packet !== undefined; packet = chain.pollOutgoingRtp(now)) {
      end.rtpSent++;
      if (end === this.b || this.tap(packet)) line.push(packet.bytes.slice(), now, undefined);
      // As a transport that encrypts in place.
      packet.bytes.fill(0xee, 12);
    }
    for (let packets = chain.pollOutgoingRtcp(now); packets !== undefined; packets = chain.pollOutgoingRtcp(now)) {
      end.rtcp.push(...packets);
      line.push(encodeRtcp(packets), now, undefined);
    }
  }

  #deliver(line: Netem, end: End): void {
    for (let packet = line.poll(this.now); packet !== undefined; packet = line.poll(this.now)) {
      const { bytes } = packet;
      if (isRtcp(bytes)) {
        const packets = decodeRtcp(bytes);
        if (!isMalformed(packets)) end.chain.receiveRtcp(packets, this.now);
      } else {
        const rtp = decodeRtp(bytes);
        if (!isMalformed(rtp)) end.chain.receiveRtp(rtp, this.now);
      }
      this.#drain(end, end === this.a ? this.toB : this.toA);
    }
  }
}
