import type { TransportAddress } from '@kaon/interface/core/v1';
import { describe, expect, it } from 'vitest';
import { type NatBehaviour, NatTable, type NatTableOptions, type NatType } from '../src/index.ts';

const inside: TransportAddress = { address: '192.168.0.2', family: 'IPv4', port: 5000 };
const otherInside: TransportAddress = { address: '192.168.0.3', family: 'IPv4', port: 5000 };
const server: TransportAddress = { address: '198.51.100.1', family: 'IPv4', port: 3478 };
const serverOtherPort: TransportAddress = { ...server, port: 3479 };
const stranger: TransportAddress = { ...server, address: '198.51.100.2' };

function table(options: Partial<NatTableOptions>): NatTable {
  return new NatTable({ addresses: ['203.0.113.1'], ...options });
}

describe('NatTable: mapping (RFC 4787 §4.1)', () => {
  const samePorts = (mapping: NatBehaviour): boolean[] => {
    const nat = table({ mapping });
    const first = nat.outbound(inside, server, 0)!.port;
    return [serverOtherPort, stranger].map((remote) => nat.outbound(inside, remote, 0)!.port === first);
  };

  it('endpoint-independent: one external port for all remotes', () => {
    expect(samePorts('endpoint-independent')).toEqual([true, true]);
  });
  it('address-dependent: one per remote address', () => {
    expect(samePorts('address-dependent')).toEqual([true, false]);
  });
  it('address-and-port-dependent: one per remote address and port', () => {
    expect(samePorts('address-and-port-dependent')).toEqual([false, false]);
  });
});

describe('NatTable: filtering (RFC 4787 §5)', () => {
  const admitted = (type: NatType): boolean[] => {
    const nat = table({ type });
    const external = nat.outbound(inside, server, 0)!;
    return [server, serverOtherPort, stranger].map((remote) => nat.inbound(external, remote, 0) !== undefined);
  };

  it('full cone admits everybody', () => expect(admitted('full-cone')).toEqual([true, true, true]));
  it('address-restricted admits every port of a known address', () =>
    expect(admitted('address-restricted')).toEqual([true, true, false]));
  it('port-restricted admits only whom we sent to', () =>
    expect(admitted('port-restricted')).toEqual([true, false, false]));
  it('symmetric admits only whom we sent to', () => expect(admitted('symmetric')).toEqual([true, false, false]));
});

describe('NatTable', () => {
  it('gives inbound packets their internal address', () => {
    const nat = table({});
    const external = nat.outbound(inside, server, 0)!;
    expect(nat.inbound(external, server, 0)).toEqual(inside);
    expect(nat.inbound({ ...external, port: external.port + 1 }, server, 0)).toBeUndefined();
  });

  it('mappingTimeout ends a mapping that is not used, and its port changes', () => {
    const nat = table({ mappingTimeout: 1000 });
    const first = nat.outbound(inside, server, 0)!;
    nat.outbound(inside, server, 900);
    expect(nat.inbound(first, server, 1899)).toEqual(inside);
    expect(nat.inbound(first, server, 1900)).toBeUndefined();
    expect(nat.size(1900)).toBe(0);
    expect(nat.outbound(inside, server, 2000)!.port).not.toBe(first.port);
  });

  it('refreshInbound lets inbound packets keep a mapping alive', () => {
    const live = (refreshInbound: boolean): boolean => {
      const nat = table({ mappingTimeout: 1000, refreshInbound });
      const external = nat.outbound(inside, server, 0)!;
      nat.inbound(external, server, 900);
      return nat.inbound(external, server, 1500) !== undefined;
    };
    expect(live(true)).toBe(true);
    expect(live(false)).toBe(false);
  });

  it('preservePorts keeps the port number unless another host has it', () => {
    const nat = table({ preservePorts: true });
    expect(nat.outbound(inside, server, 0)!.port).toBe(5000);
    expect(nat.outbound(otherInside, server, 0)!.port).not.toBe(5000);
  });

  it('pairs each internal host with one external address', () => {
    const nat = table({ addresses: ['203.0.113.1', '203.0.113.2'], type: 'symmetric' });
    const used = [inside, otherInside].map((host) =>
      [server, stranger].map((remote) => nat.outbound(host, remote, 0)!.address),
    );
    expect(used).toEqual([
      ['203.0.113.1', '203.0.113.1'],
      ['203.0.113.2', '203.0.113.2'],
    ]);
  });

  it('reset forgets all mappings', () => {
    const nat = table({});
    const external = nat.outbound(inside, server, 0)!;
    nat.reset();
    expect(nat.inbound(external, server, 0)).toBeUndefined();
  });

  it('refuses to be without an address', () => {
    expect(() => table({ addresses: [] })).toThrow(RangeError);
  });
});
