import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { encodeResponse, type MdnsRecord } from '../src/index.ts';
import { ETH0, ETH0_6, ETH1, Lone, NAME, PEER, toAll } from './helpers.ts';

const record = (over: Partial<MdnsRecord> = {}): MdnsRecord => ({
  name: NAME,
  type: 'A',
  address: '192.168.1.2',
  ttl: 120,
  flush: true,
  ...over,
});
const answer = (...records: readonly Partial<MdnsRecord>[]): Uint8Array =>
  encodeResponse({ records: records.map(record) });

describe('resolving a name', () => {
  it('asks for both families on every link, each in a message of its own: Chromium reads one question', () => {
    const lone = new Lone({}, [ETH0, ETH0_6, ETH1]);
    const said = lone.resolve(NAME);
    expect(
      said.map(({ path, message }) => `${path.local.address} ${message.questions.map(({ type }) => type)}`),
    ).toEqual([
      `${ETH0.address} A`,
      `${ETH0.address} AAAA`,
      `${ETH0_6.address} A`,
      `${ETH0_6.address} AAAA`,
      `${ETH1.address} A`,
      `${ETH1.address} AAAA`,
    ]);
    expect(said.every(toAll)).toBe(true);
    expect(said.map(({ path }) => path.remote)).toContainEqual(transportAddress('ff02::fb', 5353));
  });

  it('says the addresses of the answer', () => {
    const lone = new Lone();
    lone.resolve(NAME);
    lone.hear(answer({}, { type: 'AAAA', address: 'fe80::2' }));
    expect(lone.events).toEqual([{ type: 'resolved', name: NAME, addresses: ['192.168.1.2', 'fe80::2'] }]);
    expect(lone.endpoint.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });

  it('asks again after 1, 2 and 4 s when the question or the answer is lost, and gives up after 10 s', () => {
    const lone = new Lone();
    const start = lone.now;
    lone.resolve(NAME);
    lone.advance(60_000);
    const times = lone.said.filter(({ message }) => message.questions[0]?.type === 'A').map(({ now }) => now - start);
    expect(times).toEqual([0, 1000, 3000, 7000]);
    expect(lone.events).toEqual([{ type: 'unresolved', name: NAME, reason: 'timeout' }]);
  });

  it('takes an answer to any of its questions', () => {
    const lone = new Lone();
    lone.resolve(NAME);
    lone.advance(8000);
    lone.hear(answer({}));
    expect(lone.events).toMatchObject([{ type: 'resolved' }]);
    expect(lone.advance(10_000)).toEqual([]);
  });

  it('gives up when the option says', () => {
    const lone = new Lone({ timeout: 1500 });
    lone.resolve(NAME);
    lone.advance(1499);
    expect(lone.events).toEqual([]);
    lone.advance(1);
    expect(lone.events).toMatchObject([{ type: 'unresolved', reason: 'timeout' }]);
  });

  it('asks once for a name that is asked for twice, in any spelling', () => {
    const lone = new Lone();
    expect(lone.resolve(NAME)).toHaveLength(2);
    expect(lone.resolve(`${NAME.toUpperCase()}.`)).toEqual([]);
    lone.hear(answer({}));
    expect(lone.events).toHaveLength(1);
  });

  it('asks a link that comes later', () => {
    const lone = new Lone({}, []);
    expect(lone.resolve(NAME)).toEqual([]);
    lone.endpoint.addLink({ local: ETH1 }, lone.now);
    expect(lone.drain().map(({ path }) => path.local)).toEqual([ETH1, ETH1]);
    lone.endpoint.removeLink(ETH1, lone.now);
    expect(lone.advance(1000)).toEqual([]);
  });

  it('is forgotten when nobody wants to know any more', () => {
    const lone = new Lone();
    lone.resolve(NAME);
    lone.endpoint.cancel(NAME, lone.now);
    expect(lone.advance(60_000)).toEqual([]);
    lone.hear(answer({}));
    expect(lone.events).toEqual([]);
  });
});

describe('names that are not asked for', () => {
  it.each(['printer.local', 'example.com', `${NAME}.evil.com`, `x.${NAME}`, '', 'a'.repeat(300), `${NAME} `])(
    'such as %j: peers do not make us look around the link',
    (name) => {
      const lone = new Lone();
      expect(lone.resolve(name)).toEqual([]);
      expect(lone.events).toEqual([{ type: 'unresolved', name, reason: 'name' }]);
    },
  );

  it('unless any name under .local is allowed', () => {
    const lone = new Lone({ anyName: true });
    expect(lone.resolve('printer.local')).toHaveLength(2);
    expect(lone.resolve('example.com')).toEqual([]);
    expect(lone.resolve(`${'x'.repeat(64)}.local`)).toEqual([]);
    expect(lone.events.map((event) => event.type)).toEqual(['unresolved', 'unresolved']);
  });

  it('beyond 64 at once', () => {
    const lone = new Lone();
    for (let i = 0; i < 65; i++) lone.resolve(NAME.replace(/^.{8}/, String(10_000_000 + i)));
    expect(lone.events).toMatchObject([{ type: 'unresolved', reason: 'too-many' }]);
  });
});

describe('what is known', () => {
  it('is said at once for as long as it holds', () => {
    const lone = new Lone();
    lone.resolve(NAME);
    lone.hear(answer({}));
    lone.now += 119_999;
    expect(lone.resolve(NAME)).toEqual([]);
    expect(lone.events).toHaveLength(2);
    lone.now += 1;
    expect(lone.resolve(NAME)).toHaveLength(2);
    expect(lone.events).toHaveLength(2);
  });

  it('ends a second after it was taken back (RFC 6762 §10.1)', () => {
    const lone = new Lone();
    lone.resolve(NAME);
    lone.hear(answer({}));
    lone.hear(answer({ ttl: 0 }));
    lone.now += 999;
    expect(lone.resolve(NAME)).toEqual([]);
    lone.now += 1;
    expect(lone.resolve(NAME)).toHaveLength(2);
  });

  it('is replaced by what comes later with cache-flush, and joined by what comes with it (RFC 6762 §10.2)', () => {
    const lone = new Lone();
    lone.resolve(NAME);
    lone.hear(answer({}));
    lone.now += 500;
    lone.hear(answer({ address: '192.168.1.3' }));
    lone.resolve(NAME);
    expect(lone.events.at(-1)).toMatchObject({ addresses: ['192.168.1.2', '192.168.1.3'] });
    lone.now += 5000;
    lone.hear(answer({ address: '192.168.1.4' }));
    lone.resolve(NAME);
    expect(lone.events.at(-1)).toMatchObject({ addresses: ['192.168.1.4'] });
  });

  it('holds no longer than 75 minutes, whatever is claimed', () => {
    const lone = new Lone();
    lone.resolve(NAME);
    lone.hear(answer({ ttl: 0xffff_ffff }));
    lone.now += 4500 * 1000;
    expect(lone.resolve(NAME)).toHaveLength(2);
  });
});

describe('answers that are not believed', () => {
  it('to questions nobody asked', () => {
    const lone = new Lone();
    lone.hear(answer({}));
    lone.advance(1);
    expect(lone.resolve(NAME)).toHaveLength(2);
    expect(lone.events).toEqual([]);
  });

  it('from another port than 5353 (RFC 6762 §6)', () => {
    const lone = new Lone();
    lone.resolve(NAME);
    lone.hear(answer({}), { ...PEER, port: 5354 });
    expect(lone.events).toEqual([]);
    expect(lone.endpoint.dropped.foreign).toBe(1);
  });

  it('from a host that is not on the link (RFC 6762 §11)', () => {
    const lone = new Lone();
    lone.resolve(NAME);
    lone.hear(answer({}), transportAddress('203.0.113.66', 5353));
    expect(lone.events).toEqual([]);
    expect(lone.endpoint.dropped.foreign).toBe(1);
  });

  it('by a link that is not ours', () => {
    const lone = new Lone();
    lone.resolve(NAME);
    lone.hear(answer({}), PEER, ETH1);
    expect(lone.events).toEqual([]);
  });

  it('with addresses that no host has', () => {
    const lone = new Lone();
    lone.resolve(NAME);
    const nobody = ['0.0.0.0', '224.0.0.251', '255.255.255.255'].map((address) => ({ address }));
    lone.hear(answer(...nobody, { type: 'AAAA', address: '::' }, { type: 'AAAA', address: 'ff02::fb' }));
    expect(lone.events).toEqual([]);
  });

  it('that take back what was never said', () => {
    const lone = new Lone();
    lone.resolve(NAME);
    lone.hear(answer({ ttl: 0 }));
    expect(lone.events).toEqual([]);
  });
});

describe('a flood of answers', () => {
  it('is kept within bounds: 8 addresses of a name', () => {
    const lone = new Lone();
    lone.resolve(NAME);
    for (let i = 0; i < 200; i++) lone.hear(answer({ address: `192.168.2.${i}`, flush: false }));
    lone.resolve(NAME);
    const last = lone.events.at(-1);
    expect(last?.type === 'resolved' ? last.addresses.length : 0).toBe(8);
  });
});
