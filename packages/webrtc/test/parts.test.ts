import { describe, expect, it } from 'vitest';
import { TypedEventTarget } from '../src/events/event-target.ts';
import { ListenerTracker } from '../src/events/listener-tracker.ts';
import { enforceRange, toEnum, toUnsignedLong, toUnsignedShort, toUSVString } from '../src/idl.ts';
import { RTCIceCandidate } from '../src/index.ts';
import { defaultAddress } from '../src/jsep/candidates.ts';
import { Description } from '../src/jsep/description.ts';
import { Negotiation } from '../src/jsep/negotiation.ts';
import { OperationsChain } from '../src/jsep/operations.ts';
import { readDescription } from '../src/jsep/validate.ts';
import { OutgoingMessages } from '../src/outgoing-messages.ts';
import { connectionState, iceConnectionState, iceGatheringState } from '../src/states.ts';

describe('the conversions of Web IDL', () => {
  it('are those of the standard', () => {
    expect([65536, -1, Number.NaN, '7', 1.9].map(toUnsignedShort)).toEqual([0, 65535, 0, 7, 1]);
    expect([2 ** 32, -1, undefined].map(toUnsignedLong)).toEqual([0, 2 ** 32 - 1, 0]);
    expect(enforceRange('x', '12.9', 20)).toBe(12);
    expect(() => enforceRange('x', 21, 20)).toThrow(TypeError);
    expect(() => toEnum('X', 'c', ['a', 'b'])).toThrow(TypeError);
    expect(toUSVString('\udc00')).toBe('\ufffd');
  });
});

describe('ListenerTracker', () => {
  class Target extends TypedEventTarget<{ message: Event }> {
    readonly listeners: ListenerTracker = new ListenerTracker('message');
    constructor() {
      super();
      this.tracker = this.listeners;
    }
    set onmessage(handler: (() => void) | null) {
      this.setHandler('message', handler);
    }
  }

  it('counts as the platform does', () => {
    const target = new Target();
    const listener = (): void => {};
    target.addEventListener('message', listener);
    target.addEventListener('message', listener);
    target.addEventListener('other', listener);
    expect(target.listeners.count).toBe(1);
    target.addEventListener('message', listener, true);
    target.addEventListener('message', listener, { capture: true });
    expect(target.listeners.count).toBe(2);
    target.removeEventListener('message', listener, true);
    target.removeEventListener('message', () => {});
    expect(target.listeners.count).toBe(1);
    target.addEventListener('message', null);
    target.onmessage = listener;
    expect(target.listeners.count).toBe(2);
    target.onmessage = null;
    target.removeEventListener('message', listener);
    expect(target.listeners.count).toBe(0);
  });

  it('knows of once and signal', () => {
    const target = new Target();
    const abort = new AbortController();
    let calls = 0;
    target.addEventListener('message', () => calls++, { once: true });
    target.addEventListener('message', () => calls++, { signal: abort.signal });
    expect(target.listeners.count).toBe(2);
    target.dispatchEvent(new Event('message'));
    target.listeners.dispatched();
    expect([target.listeners.count, calls]).toEqual([1, 2]);
    abort.abort();
    target.addEventListener('message', () => calls++, { signal: abort.signal });
    expect(target.listeners.count).toBe(0);
  });
});

describe('OperationsChain', () => {
  it('runs one operation after the other, failed ones as well, and says when it is empty', async () => {
    const log: string[] = [];
    const chain = new OperationsChain(
      () => false,
      () => log.push('empty'),
    );
    const first = chain.chain(async () => {
      log.push('1');
      await Promise.resolve();
      log.push('1 done');
    });
    const second = chain.chain(() => Promise.reject(new Error('no')));
    const third = chain.chain(async () => log.push('3'));
    expect([chain.isEmpty, log]).toEqual([false, ['1']]);
    await first;
    await expect(second).rejects.toThrow('no');
    await third;
    expect([chain.isEmpty, log]).toEqual([true, ['1', '1 done', '3', 'empty']]);
  });
});

describe('Negotiation', () => {
  const session = readDescription('v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n');
  const make = (type: 'offer' | 'pranswer' | 'answer'): Description => new Description(type, session);

  it('accepts exactly what RFC 8829 §3.2 has', () => {
    const paths = {
      stable: [],
      'have-local-offer': [['local', 'offer']],
      'have-remote-offer': [['remote', 'offer']],
      'have-local-pranswer': [
        ['remote', 'offer'],
        ['local', 'pranswer'],
      ],
      'have-remote-pranswer': [
        ['local', 'offer'],
        ['remote', 'pranswer'],
      ],
    } as const;
    const accepted = Object.entries(paths).map(([state, path]) => {
      const negotiation = new Negotiation();
      for (const [side, type] of path) negotiation.apply(side, make(type));
      expect(negotiation.state).toBe(state);
      const all = (['local', 'remote'] as const).flatMap((side) =>
        (['offer', 'pranswer', 'answer'] as const)
          .filter((type) => negotiation.accepts(side, type))
          .map((type) => `${side} ${type}`),
      );
      return [state, all];
    });
    expect(Object.fromEntries(accepted)).toEqual({
      stable: ['local offer', 'remote offer'],
      'have-local-offer': ['local offer', 'remote pranswer', 'remote answer'],
      'have-remote-offer': ['local pranswer', 'local answer', 'remote offer'],
      'have-local-pranswer': ['local pranswer', 'local answer'],
      'have-remote-pranswer': ['remote pranswer', 'remote answer'],
    });
  });

  it('rolls back to what was agreed', () => {
    const negotiation = new Negotiation();
    const [offer, answer] = [make('offer'), make('answer')];
    negotiation.apply('local', offer);
    negotiation.apply('remote', answer);
    negotiation.apply('remote', make('offer'));
    negotiation.rollback();
    expect([negotiation.local, negotiation.remote, negotiation.state]).toEqual([offer, answer, 'stable']);
    expect(() => negotiation.rollback()).toThrow('roll back');
    negotiation.close();
    expect(negotiation.accepts('local', 'offer')).toBe(false);
  });
});

describe('connectionState', () => {
  it('follows from the transports', () => {
    const state = (ice: never, dtls: never, peerClosed = false): string => connectionState([{ ice, dtls, peerClosed }]);
    const cases: [string, string, boolean, string][] = [
      ['new', 'new', false, 'new'],
      ['checking', 'new', false, 'connecting'],
      ['connected', 'connecting', false, 'connecting'],
      ['connected', 'connected', false, 'connected'],
      ['completed', 'connected', false, 'connected'],
      ['disconnected', 'connected', false, 'disconnected'],
      ['completed', 'closed', true, 'disconnected'],
      ['failed', 'connected', false, 'failed'],
      ['failed', 'closed', true, 'failed'],
      ['connected', 'failed', false, 'failed'],
      ['closed', 'closed', false, 'new'],
    ];
    for (const [ice, dtls, gone, expected] of cases)
      expect([ice, dtls, state(ice as never, dtls as never, gone)]).toEqual([ice, dtls, expected]);
    expect(connectionState([])).toBe('new');
  });

  it('takes the worst of several transports', () => {
    const state = (...pairs: [string, string][]): string =>
      connectionState(pairs.map(([ice, dtls]) => ({ ice: ice as never, dtls: dtls as never, peerClosed: false })));
    expect(state(['connected', 'connected'], ['failed', 'new'])).toBe('failed');
    expect(state(['connected', 'connected'], ['disconnected', 'connected'])).toBe('disconnected');
    expect(state(['connected', 'connected'], ['new', 'new'])).toBe('connecting');
    expect(state(['connected', 'connected'], ['completed', 'connecting'])).toBe('connecting');
    expect(state(['connected', 'connected'], ['completed', 'connected'])).toBe('connected');
    const ice = (...states: string[]): string => iceConnectionState(states as never[]);
    expect([ice(), ice('new', 'closed'), ice('new', 'connected')]).toEqual(['new', 'new', 'checking']);
    expect([ice('completed', 'connected'), ice('completed', 'completed')]).toEqual(['connected', 'completed']);
    expect([ice('failed', 'disconnected'), ice('disconnected', 'checking')]).toEqual(['failed', 'disconnected']);
    const gathering = (...states: string[]): string => iceGatheringState(states as never[]);
    expect([gathering(), gathering('complete', 'new')]).toEqual(['new', 'new']);
    expect([gathering('complete', 'gathering', 'new'), gathering('complete', 'complete')]).toEqual([
      'gathering',
      'complete',
    ]);
  });
});

describe('defaultAddress', () => {
  const candidate = (type: string, address: string, port = 5): RTCIceCandidate => {
    const tail = type === 'host' ? '' : ' raddr 0.0.0.0 rport 0';
    return new RTCIceCandidate({ candidate: `candidate:1 1 udp 1 ${address} ${port} typ ${type}${tail}`, sdpMid: '0' });
  };

  it('prefers what most likely works without ICE', () => {
    const host6 = candidate('host', '2001:db8::1');
    const host4 = candidate('host', '192.0.2.1');
    const srflx = candidate('srflx', '192.0.2.2', 7);
    const relay = candidate('relay', '2001:db8::2');
    expect(defaultAddress([])).toBe(undefined);
    expect(defaultAddress([candidate('host', 'name.local')])).toBe(undefined);
    expect(defaultAddress([host6, host4])).toEqual({ address: '192.0.2.1', port: 5 });
    expect(defaultAddress([host6, srflx, host4])).toEqual({ address: '192.0.2.2', port: 7 });
    expect(defaultAddress([relay, srflx])).toEqual({ address: '2001:db8::2', port: 5 });
  });
});

describe('OutgoingMessages', () => {
  it('waits behind a Blob until there is room, and ends behind everything', async () => {
    const written: string[] = [];
    let room = true;
    let ended = false;
    const refusal = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const out = new OutgoingMessages(
      (bytes) => {
        if (room) return written.push(new TextDecoder().decode(bytes)) > 0;
        if (bytes.length === 4) refusal.resolve();
        return false;
      },
      () => {
        ended = true;
        end.resolve();
      },
    );
    room = false;
    expect(out.send('x', 10)).toBe('full');
    expect(out.send(new Blob(['blob']), 10)).toBe(undefined);
    expect(out.send('text', 10)).toBe(undefined);
    out.end();
    await refusal.promise;
    expect([written, out.waitingBytes, ended]).toEqual([[], 8, false]);
    room = true;
    out.writable();
    await end.promise;
    expect([written, out.waitingBytes, ended]).toEqual([['blob', 'text'], 0, true]);
    expect(out.send(new Blob([new Uint8Array(17 * 1024 * 1024)]), 2 ** 30)).toBe('full');
    expect(out.send('ä'.repeat(40_000), 2 ** 30)).toBe(undefined);
    expect(out.send('ää', 3)).toBe('too large');
    expect(written.at(-1)).toHaveLength(40_000);
  });

  it('drops what the peer has ceased to take while it waited, without an unhandled rejection', async () => {
    const written: number[] = [];
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const out = new OutgoingMessages((bytes) => {
      if (bytes.length > 5) throw new Error('the limit is 5 by now');
      return written.push(bytes.length) > 0;
    }, resolve);
    expect([out.send(new Blob(['long blob']), 10), out.send('text', 10)]).toEqual([undefined, undefined]);
    out.end();
    await ended;
    expect([written, out.waitingBytes]).toEqual([[4], 0]);
  });
});
