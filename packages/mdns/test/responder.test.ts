import { transportAddress } from '@kaon/wire';
import { describe, expect, it } from 'vitest';
import { encodeQuery, encodeResponse } from '../src/index.ts';
import { ETH0, ETH0_6, ETH1, Lone, NAME, PEER, recordsOf, toAll } from './helpers.ts';

const STRANGER = transportAddress('203.0.113.66', 5353);

/** A question with the top bit of its class set: answer me alone. */
function unicastQuery(name: string): Uint8Array {
  const bytes = encodeQuery(name, 'A');
  bytes[bytes.length - 2] = 0x80;
  return bytes;
}

describe('registering an address', () => {
  it('gives it a random version 4 UUID under .local', () => {
    const lone = new Lone();
    const names = Array.from({ length: 50 }, () => lone.endpoint.register(ETH0.address, lone.now));
    for (const name of names) {
      expect(name).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.local$/);
    }
    expect(new Set(names).size).toBe(50);
  });

  it('announces it twice, a second apart, where the address is at home (RFC 6762 §8.3)', () => {
    const lone = new Lone({}, [ETH0, ETH1]);
    const start = lone.now;
    const name = lone.endpoint.register(ETH1.address, lone.now);
    lone.advance(60_000);
    expect(lone.said.map(({ now, path }) => [now - start, path.local])).toEqual([
      [0, ETH1],
      [1000, ETH1],
    ]);
    expect(recordsOf(lone.said)).toEqual([`${name} ${ETH1.address}`, `${name} ${ETH1.address}`]);
    expect(lone.said.every(toAll)).toBe(true);
  });

  it('says how long it may be kept', () => {
    for (const ttl of [120, 30]) {
      const lone = new Lone({ ttl });
      lone.register();
      expect(lone.said[0]?.message.records[0]).toMatchObject({ ttl, flush: true });
    }
  });

  it('leaves the zone of a link-local address out', () => {
    const lone = new Lone({}, [ETH0_6]);
    lone.register(ETH0_6.address);
    expect(lone.said[0]?.message.records[0]).toMatchObject({ type: 'AAAA', address: 'fe80::10' });
    expect(lone.said[0]?.path.local).toEqual(ETH0_6);
  });

  it('refuses what is no address, and more than 1024 names', () => {
    const lone = new Lone();
    for (const address of ['', 'eth0', '0.0.0.0', '::']) {
      expect(() => lone.endpoint.register(address, 0)).toThrow(expect.objectContaining({ code: 'MDNS_BAD_ADDRESS' }));
    }
    for (let i = 0; i < 1024; i++) lone.endpoint.register(ETH0.address, lone.now);
    expect(() => lone.endpoint.register(ETH0.address, 0)).toThrow(
      expect.objectContaining({ code: 'MDNS_TOO_MANY_NAMES' }),
    );
  });

  it('is known to our own questions without asking', () => {
    const lone = new Lone();
    const name = lone.register();
    expect(lone.resolve(name.toUpperCase())).toEqual([]);
    expect(lone.events).toEqual([{ type: 'resolved', name, addresses: [ETH0.address] }]);
  });
});

describe('answering', () => {
  it('says the address to all, on the link that the question came by', () => {
    const lone = new Lone({}, [ETH0, ETH1]);
    const name = lone.register();
    const said = lone.hear(encodeQuery(name, 'A'), transportAddress('10.0.0.2', 5353), ETH1);
    expect(recordsOf(said)).toEqual([`${name} ${ETH0.address}`]);
    expect(said[0]?.path.local).toEqual(ETH1);
    expect(said.every(toAll)).toBe(true);
  });

  it('says that there is no address of the other family, and which there is besides (RFC 6762 §6.1, §6.2)', () => {
    const lone = new Lone();
    const name = lone.register();
    const [said] = lone.hear(encodeQuery(name, 'AAAA'));
    expect([said?.bytes[7], said?.bytes[11]]).toEqual([1, 1]);
    expect(said?.message.records).toMatchObject([{ name, type: 'A' }]);
  });

  it('does not keep the address back because it has just said that there is no other', () => {
    const lone = new Lone({}, [ETH0_6]);
    const name = lone.register(ETH0_6.address);
    const asker = transportAddress('fe80::2%eth0', 5353);
    const denied = lone.hear(encodeQuery(name, 'A'), asker, ETH0_6);
    const said = lone.hear(encodeQuery(name, 'AAAA'), asker, ETH0_6);
    expect([...denied, ...said].map((each) => [toAll(each), each.bytes[7], each.message.records[0]?.type])).toEqual([
      [true, 1, 'AAAA'],
      [true, 1, 'AAAA'],
    ]);
  });

  it('answers for nothing that is not registered', () => {
    const lone = new Lone();
    const name = lone.register();
    expect(lone.hear(encodeQuery(NAME, 'A'))).toEqual([]);
    expect(lone.hear(encodeQuery('printer.local', 'A'))).toEqual([]);
    expect(lone.hear(encodeQuery(`x.${name}`, 'A'))).toEqual([]);
    const service = encodeQuery(name, 'A');
    service[service.length - 3] = 12; // PTR
    expect(lone.hear(service)).toEqual([]);
  });

  it('no more once the name is taken back, which is said with lifetime 0', () => {
    const lone = new Lone();
    const name = lone.register();
    lone.endpoint.unregister(name, lone.now);
    const [goodbye, ...more] = lone.drain();
    expect(goodbye?.message.records).toMatchObject([{ name, ttl: 0 }]);
    expect(more).toEqual([]);
    expect(lone.hear(encodeQuery(name, 'A'))).toEqual([]);
    lone.endpoint.unregister(name, lone.now);
    expect(lone.drain()).toEqual([]);
  });

  it('says nothing to who knows it, for half its time to come (RFC 6762 §7.1)', () => {
    for (const [ttl, answers] of [
      [60, 0],
      [59, 1],
    ] as const) {
      const lone = new Lone();
      const name = lone.register();
      const known = { name, type: 'A', address: ETH0.address, ttl, flush: false } as const;
      expect(lone.hear(withKnown(name, encodeResponse({ records: [known] })))).toHaveLength(answers);
    }
  });

  it('answers alone to who wants that, when all have heard it lately (RFC 6762 §5.4)', () => {
    const lone = new Lone();
    const name = lone.register();
    expect(lone.hear(unicastQuery(name)).map(({ path }) => path.remote)).toEqual([PEER]);
    lone.advance(120_000);
    expect(lone.hear(unicastQuery(name)).every(toAll)).toBe(true);
  });

  it('answers alone to another port, with its id and question, to be kept 10 s at most (RFC 6762 §6.7)', () => {
    const lone = new Lone();
    const name = lone.register();
    const query = encodeQuery(name, 'A');
    query.set([0x12, 0x34], 0);
    const asker = { ...PEER, port: 54321 };
    const [said] = lone.hear(query, asker);
    expect(said?.path).toEqual({ protocol: 'udp', local: ETH0, remote: asker });
    expect(said?.message).toMatchObject({ id: 0x1234, records: [{ name, ttl: 10, flush: false }] });
  });
});

describe('who asks too much', () => {
  it('is answered to all once a second on a link, and else alone', () => {
    const lone = new Lone();
    const name = lone.register();
    const said = Array.from({ length: 100 }, () => {
      const answers = lone.hear(encodeQuery(name, 'A'));
      lone.advance(100);
      return answers;
    }).flat();
    expect(said.filter(toAll)).toHaveLength(10);
    expect(said.filter((each) => !toAll(each)).map(({ path }) => path.remote)).toEqual(Array(90).fill(PEER));
  });

  it('is answered sooner when about to take the name (RFC 6762 §6)', () => {
    const lone = new Lone();
    const name = lone.register();
    const probe = encodeQuery(name, 'A');
    const withAuthority = new Uint8Array(probe.length + 16);
    withAuthority.set(probe);
    withAuthority[9] = 1;
    withAuthority.set([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 120, 0, 4, 10, 9, 9, 9], probe.length);
    const toAllNow = (): boolean => lone.hear(withAuthority).every(toAll);
    expect(toAllNow()).toBe(true);
    lone.advance(250);
    expect(toAllNow()).toBe(true);
    lone.advance(249);
    expect(toAllNow()).toBe(false);
  });

  it('gets 64 answers of its own a second', () => {
    const lone = new Lone();
    const name = lone.register();
    let said = 0;
    for (let port = 10_000; port < 11_000; port++) said += lone.hear(encodeQuery(name, 'A'), { ...PEER, port }).length;
    expect(said).toBe(64);
    lone.advance(1000);
    expect(lone.hear(encodeQuery(name, 'A'), { ...PEER, port: 9999 })).toHaveLength(1);
  });

  it('does not fill memory when nobody drains', () => {
    const lone = new Lone();
    const names = Array.from({ length: 400 }, () => lone.endpoint.register(ETH0.address, lone.now));
    for (const name of names) {
      lone.endpoint.handleDatagram(encodeQuery(name, 'A'), { protocol: 'udp', local: ETH0, remote: PEER }, lone.now);
    }
    expect(lone.drain()).toHaveLength(256);
  });

  it('is not answered from off the link (RFC 6762 §11)', () => {
    const lone = new Lone();
    const name = lone.register();
    for (const remote of [STRANGER, transportAddress('127.0.0.1', 5353), { ...PEER, port: 0 }]) {
      expect(lone.hear(encodeQuery(name, 'A'), remote)).toEqual([]);
    }
    expect(lone.endpoint.dropped.foreign).toBe(3);
  });

  it('is told from others by the prefix of the link, where that is known', () => {
    const lone = new Lone({}, []);
    lone.endpoint.addLink({ local: ETH0, prefixLength: 25 }, lone.now);
    const name = lone.register();
    expect(lone.hear(encodeQuery(name, 'A'), transportAddress('192.168.1.128', 5353))).toEqual([]);
    expect(lone.hear(encodeQuery(name, 'A'), transportAddress('169.254.3.4', 5353))).toHaveLength(1);
    lone.advance(1000);
    expect(lone.hear(encodeQuery(name, 'A'), transportAddress('192.168.1.127', 5353))).toHaveLength(1);
  });
});

describe('another host that says our name', () => {
  const claim = (name: string, address: string, ttl = 120) =>
    encodeResponse({ records: [{ name, type: 'A', address, ttl, flush: true }] });

  it('is contradicted, at most once a second, and counted', () => {
    const lone = new Lone();
    const name = lone.register();
    expect(recordsOf(lone.hear(claim(name, '192.168.1.66')))).toEqual([`${name} ${ETH0.address}`]);
    expect(lone.hear(claim(name, '192.168.1.66'))).toEqual([]);
    expect(lone.endpoint.conflicts).toBe(2);
    expect(lone.resolve(name)).toEqual([]);
    expect(lone.events).toMatchObject([{ addresses: [ETH0.address] }]);
  });

  it('and takes it back in our stead is corrected (RFC 6762 §6.6)', () => {
    const lone = new Lone();
    const name = lone.register();
    expect(lone.hear(claim(name, ETH0.address, 0))).toHaveLength(1);
    expect(lone.endpoint.conflicts).toBe(0);
  });

  it('as it is, is left alone', () => {
    const lone = new Lone();
    const name = lone.register();
    expect(lone.hear(claim(name, ETH0.address))).toEqual([]);
  });
});

describe('closing', () => {
  it('takes all names back, says closed once that is sent, and then does nothing', () => {
    const lone = new Lone();
    lone.register();
    lone.register();
    lone.endpoint.close(lone.now);
    expect(lone.endpoint.pollEvent()).toBeUndefined();
    expect(lone.drain().map(({ message }) => message.records[0]?.ttl)).toEqual([0, 0]);
    expect(lone.events).toEqual([{ type: 'closed' }]);
    lone.endpoint.resolve(NAME, lone.now);
    lone.endpoint.addLink({ local: ETH1 }, lone.now);
    expect(lone.endpoint.register(ETH0.address, lone.now)).toBe('');
    expect(lone.advance(60_000)).toEqual([]);
    expect(lone.endpoint.pollTimeout()).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('options and links', () => {
  it('that cannot work are refused', () => {
    for (const options of [{ timeout: 0 }, { timeout: Number.NaN }, { ttl: 0 }, { ttl: 1.5 }, { ttl: 5000 }]) {
      expect(() => new Lone(options)).toThrow(expect.objectContaining({ code: 'MDNS_BAD_OPTION' }));
    }
    const { endpoint } = new Lone();
    for (const address of ['0.0.0.0', 'eth0', '::1']) {
      expect(() => endpoint.addLink({ local: { address, family: 'IPv4', port: 5353 } }, 0)).toThrow(
        expect.objectContaining({ code: 'MDNS_BAD_ADDRESS' }),
      );
    }
  });
});

/** A question for A with known answers: those of a response. */
function withKnown(name: string, response: Uint8Array): Uint8Array {
  const query = encodeQuery(name, 'A');
  const bytes = new Uint8Array(query.length + response.length - 12);
  bytes.set(query);
  bytes.set(response.subarray(12), query.length);
  bytes[7] = 1;
  return bytes;
}
