import type { Interceptor } from '@kaon/interface/interceptor/v1';
import type { RtpPacketView } from '@kaon/interface/rtp/v1';
import { describe, expect, it } from 'vitest';
import { type Framework, interceptorConformance } from '../src/conformance/index.ts';

/** A stage that keeps the contract: delays what comes by 10 ms. */
function delay(): Interceptor {
  const kept: { readonly packet: RtpPacketView; readonly at: number }[] = [];
  const bound = new Set<number>();
  let due: RtpPacketView[] = [];
  return {
    interface: 'kaon:interceptor/1',
    name: 'delay',
    bindRemoteStream: ({ ssrc }) => void bound.add(ssrc),
    unbindRemoteStream: (ssrc) => void bound.delete(ssrc),
    handleIncomingRtp: (packet, now) => {
      if (!bound.has(packet.ssrc)) return true;
      kept.push({ packet, at: now + 10 });
      if (kept.length > 100) kept.shift();
      return false;
    },
    handleTimeout: (now) => {
      while (kept.length > 0 && kept[0]!.at <= now) due.push(kept.shift()!.packet);
      due = due.slice(-100);
    },
    pollTimeout: () => kept[0]?.at ?? Number.POSITIVE_INFINITY,
    pollIncomingRtp: () => due.shift(),
  };
}

/** Names of the tests that fail. */
function failures(make: () => Interceptor): string[] {
  const tests: { readonly name: string; readonly body: () => void | Promise<void> }[] = [];
  const framework: Framework = {
    describe: (_name, body) => body(),
    it: (name, body) => void tests.push({ name, body }),
  };
  interceptorConformance(framework, 'delay', make);
  return tests.flatMap(({ name, body }) => {
    try {
      void body();
      return [];
    } catch {
      return [name];
    }
  });
}

const broken: readonly (readonly [fault: string, caughtBy: string, change: () => Partial<Interceptor>])[] = [
  [
    'has another version',
    'carries its tag and a name',
    () => ({ interface: 'kaon:interceptor/2' as 'kaon:interceptor/1' }),
  ],
  [
    'reads the clock of the platform',
    'reads no clock, timer or randomness of the platform',
    () => ({ handleTimeout: () => void Date.now() }),
  ],
  [
    'is not the same twice',
    'gives the same outputs for the same inputs',
    () => {
      return { handleOutgoingRtp: () => Math.random() < 0.5 };
    },
  ],
  [
    'throws for feedback of unknown kind',
    'never throws for what a peer can send',
    () => ({
      handleIncomingRtcp: (packets) => {
        if (packets.some(({ type }) => type === 'something of the future')) throw new Error('what is this?');
      },
    }),
  ],
  [
    'keeps what is not bound',
    'lets packets of incoming streams that are not bound pass as they are',
    () => ({ handleIncomingRtp: () => false }),
  ],
  [
    'has a deadline that stays',
    'pollTimeout() is later than now right after handleTimeout(now)',
    () => ({ pollTimeout: () => 5 }),
  ],
  [
    'never lets go of anything',
    'holds a bounded number of packets for someone who never polls',
    () => {
      const kept: RtpPacketView[] = [];
      return { handleOutgoingRtp: (packet) => kept.push(packet) < 0, pollOutgoingRtp: () => kept.shift() };
    },
  ],
];

describe('interceptorConformance', () => {
  it('passes a stage that keeps the contract', () => expect(failures(delay)).toEqual([]));

  it.each(broken)('catches a stage that %s', (_fault, caughtBy, change) => {
    expect(failures(() => ({ ...delay(), ...change() }))).toContain(caughtBy);
  });
});
